import API
import Digests
import HTTPMessages
import HTTPServer
import Runtime

/// The API's objects, as a test has it give them.
final class ObjectServer: Sendable {
    /// An object, and what is wrong with how it is given.
    struct Object: Sendable {
        var kind: String
        var bytes: [UInt8]
        /// After so many bytes of each answer the connection breaks.
        var breaksAfter: Int?
        var ignoresRanges = false
        /// What is answered first, before anything is given.
        var refusals: [Int] = []
    }

    private struct State {
        var objects: [String: Object]
        var ranges: [String?] = []
        var problems: [String] = []
    }

    private let state: Locked<State>
    private let server: HTTPServer
    let url: String

    init(_ objects: [String: Object]) throws {
        let state = Locked(State(objects: objects))
        self.state = state
        server = try HTTPServer.start(at: .tcp(host: "127.0.0.1", port: 0)) { ObjectServer.answer($0, state) }
        guard case .tcp(let host, let port) = server.address else { preconditionFailure("it listens on TCP") }
        url = "http://\(host):\(port)"
    }

    /// The `Range` of each request.
    var ranges: [String?] { state.withLock { $0.ranges } }
    var problems: [String] { state.withLock { $0.problems } }

    private static func answer(_ request: ServerRequest, _ state: Locked<State>) -> ServerResponse {
        let name = request.segments.last ?? ""
        let object = state.withLock { state -> Object? in
            state.ranges.append(request.headers["Range"])
            if request.headers["Authorization"] != "Bearer the-token" { state.problems.append("no token") }
            if request.path != ObjectDelivery.path(sha256: name) { state.problems.append(request.path) }
            let object = state.objects[name]
            if object?.refusals.isEmpty == false { state.objects[name]?.refusals.removeFirst() }
            return object
        }
        guard let object else { return ServerResponse(status: 404) }
        if let status = object.refusals.first { return ServerResponse(status: status) }
        var start = 0
        if let range = request.headers["Range"], !object.ignoresRanges {
            start = Int(range.dropFirst("bytes=".count).dropLast()) ?? 0
        }
        var headers: HTTPHeaders = [ObjectDelivery.kindHeader: object.kind]
        if start > 0 {
            headers["Content-Range"] = "bytes \(start)-\(object.bytes.count - 1)/\(object.bytes.count)"
        }
        let rest = Array(object.bytes[start...])
        return ServerResponse(
            status: start > 0 ? 206 : 200, headers: headers,
            body: .stream { writer in
                guard let most = object.breaksAfter, most < rest.count else {
                    return try await writer.write(rest)
                }
                try await writer.write(Array(rest[..<most]))
                throw Broken()
            })
    }

    private struct Broken: Error {}
}
