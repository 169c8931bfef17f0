import Events
import HTTPMessages
import HTTPServer
import Runtime
import TestSupport

/// The API's ingestion of records, as a test has it behave.
final class RecordServer: Sendable {
    /// What becomes of a delivery.
    enum Behaviour: Sendable {
        case take
        /// It is stored, but nobody hears of that.
        case takeAndHangUp
        case answer(Int, HTTPHeaders)
        /// 413 for more than so many bytes.
        case takeUpTo(Int)
        case takeAfter(Duration)
    }

    private struct State {
        var behaviours: [Behaviour]
        var last: Behaviour
        var records = Records()
        var requests = 0
        var problems: [String] = []
    }

    private let state: Locked<State>
    private let server: HTTPServer
    let url: String

    /// - Parameters:
    ///   - behaviours: of the first deliveries; `last` of all others.
    ///   - port: 0: any.
    init(_ behaviours: [Behaviour] = [], then last: Behaviour = .take, port: UInt16 = 0) throws {
        let state = Locked(State(behaviours: behaviours, last: last))
        self.state = state
        server = try HTTPServer.start(at: .tcp(host: "127.0.0.1", port: port)) { request in
            await RecordServer.answer(request, state)
        }
        guard case .tcp(let host, let port) = server.address else { preconditionFailure("it listens on TCP") }
        url = "http://\(host):\(port)"
    }

    var records: Records { state.withLock { $0.records } }
    var requests: Int { state.withLock { $0.requests } }
    /// What was wrong with requests.
    var problems: [String] { state.withLock { $0.problems } }

    func behave(_ behaviour: Behaviour) { state.withLock { $0.last = behaviour } }

    func stop() async { await server.stop(within: .zero, streamsWithin: .zero) }

    private static func answer(_ request: ServerRequest, _ state: Locked<State>) async -> ServerResponse {
        let behaviour = state.withLock { state in
            state.requests += 1
            return state.behaviours.isEmpty ? state.last : state.behaviours.removeFirst()
        }
        switch behaviour {
        case .take: break
        case .takeAfter(let delay): try? await SystemTime().sleep(for: delay)
        case .answer(let status, let headers): return ServerResponse(status: status, headers: headers)
        case .takeUpTo(let most) where request.body.count > most: return ServerResponse(status: 413)
        case .takeUpTo: break
        case .takeAndHangUp:
            take(request, state)
            // A body that breaks off: the client cannot know what became of its request.
            return .stream(type: "text/plain") { writer in
                try await writer.write("x")
                throw HungUp()
            }
        }
        return take(request, state) ? ServerResponse(status: 204) : ServerResponse(status: 400)
    }

    private struct HungUp: Error {}

    @discardableResult
    private static func take(_ request: ServerRequest, _ state: Locked<State>) -> Bool {
        state.withLock { state in
            do {
                guard request.path == "/v1/runs/r1/attempts/2/records", request.method == .post,
                    request.headers["Authorization"] == "Bearer the-token",
                    request.headers["Content-Type"] == DeliveredRecords.contentType
                else {
                    state.problems.append("\(request.method) \(request.path) \(request.headers)")
                    return false
                }
                for record in try DeliveredRecords.read(request.body, run: "r1", attempt: 2) {
                    try state.records.take(record)
                }
                return true
            } catch {
                state.problems.append("\(error)")
                return false
            }
        }
    }
}
