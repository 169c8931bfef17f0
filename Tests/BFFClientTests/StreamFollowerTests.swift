import API
import Events
import HTTPMessages
import JSON
import Runtime
import TestSupport
import Testing

@testable import BFFClient

/// Answers each connection to a stream with what is prepared for it.
private final class ScriptedTransport: BFFTransport {
    enum Connection: Sendable {
        /// These pieces, and then a broken connection.
        case pieces([String])
        case refused(ErrorBody)
        case unreachable
    }

    private let connections: Locked<[Connection]>
    /// The `Last-Event-ID` of each connection.
    let cursors = Locked<[String?]>([])

    init(_ connections: [Connection]) { self.connections = Locked(connections) }

    func send(_ request: BFFRequest) async throws(BFFClientError) -> BFFAnswer {
        throw BFFClientError(.unreachable, "no calls here")
    }

    func open(_ request: BFFRequest) async throws(BFFClientError) -> BFFStream {
        cursors.withLock { $0.append(request.headers["Last-Event-ID"]) }
        switch connections.withLock({ $0.isEmpty ? .unreachable : $0.removeFirst() }) {
        case .unreachable: throw BFFClientError(.unreachable, "nobody is there")
        case .refused(let body):
            let rest = Locked<[[UInt8]]>([(try? JSONCoding.encode(body)) ?? []])
            return BFFStream(status: body.error.code.httpStatus) { rest.withLock { $0.popLast() } }
        case .pieces(let pieces):
            let rest = Locked(pieces[...])
            return BFFStream(status: 200) {
                guard let piece = rest.withLock({ $0.popFirst() }) else {
                    throw BFFClientError(.unreachable, "it broke")
                }
                return Array(piece.utf8)
            }
        }
    }
}

private func event(_ number: Int, id: String? = nil) throws -> String {
    let event = RunEvent(
        cursor: "c\(number)", id: id ?? "status/0@\(number)", run: "r", name: "hello",
        time: Timestamp(milliseconds: 0), kind: .status, status: .running, message: "\(number)", attempt: 1)
    return String(
        decoding: ServerSentEvent(id: event.cursor, data: try JSONCoding.text(event)).bytes, as: UTF8.self)
}

private let end = String(decoding: ServerSentEvent(name: "end", data: "{}").bytes, as: UTF8.self)

private func client(_ transport: ScriptedTransport) -> BFFClient {
    BFFClient(transport: transport, time: SleptTime())
}

@Suite struct StreamFollowerTests {
    @Test func aBrokenStreamGoesOnBehindTheLastEvent() async throws {
        let transport = ScriptedTransport([
            .pieces([try event(1) + event(2)]), .unreachable, .pieces([try event(3), end]),
        ])
        var messages: [String] = []
        for try await event in client(transport).events(of: "r") { messages.append(event.message) }
        #expect(messages == ["1", "2", "3"])
        #expect(transport.cursors.withLock { $0 } == [nil, "c2", "c2"])
    }

    @Test func anEventCutByABrokenConnectionIsTakenWholeFromTheNext() async throws {
        let whole = try event(2)
        let transport = ScriptedTransport([
            .pieces([try event(1), String(whole.prefix(20))]), .pieces([whole, end]),
        ])
        var messages: [String] = []
        for try await event in client(transport).events(of: "r") { messages.append(event.message) }
        #expect(messages == ["1", "2"])
    }

    @Test func anEventThatComesAgainUnderAnotherCursorIsLeftOut() async throws {
        let transport = ScriptedTransport([
            .pieces([try event(1)]), .pieces([try event(7, id: "status/0@1"), try event(8), end]),
        ])
        var messages: [String] = []
        for try await event in client(transport).events(of: "r") { messages.append(event.message) }
        #expect(messages == ["1", "8"])
    }

    @Test func aServiceThatIsNotThereIsToldAtOnce() async throws {
        let transport = ScriptedTransport([])
        await #expect(throws: BFFClientError(.unreachable, "nobody is there")) {
            for try await _ in client(transport).events(of: "r") {}
        }
        #expect(transport.cursors.withLock { $0.count } == 1)
    }

    @Test func aServiceThatStaysAwayEndsTheStreamWithItsError() async throws {
        let transport = ScriptedTransport([.pieces([try event(1)])])
        await #expect(throws: BFFClientError(.unreachable, "nobody is there")) {
            for try await _ in client(transport).events(of: "r") {}
        }
        #expect(transport.cursors.withLock { $0.count } > 2)
    }

    @Test func aRefusalIsNotTriedAgain() async throws {
        let transport = ScriptedTransport([.refused(ErrorBody(.notFound, "there is no run 'r'"))])
        await #expect(throws: BFFClientError(.refused(.notFound), "there is no run 'r'")) {
            for try await _ in client(transport).events(of: "r") {}
        }
    }

    @Test func anErrorInTheStreamEndsItWithItsCode() async throws {
        let body = try JSONCoding.text(ErrorBody(.invalidRequest, "too costly"))
        let error = String(decoding: ServerSentEvent(name: "error", data: body).bytes, as: UTF8.self)
        let transport = ScriptedTransport([.pieces([try event(1), error])])
        await #expect(throws: BFFClientError(.refused(.invalidRequest), "too costly")) {
            for try await _ in client(transport).events(of: "r") {}
        }
    }

    @Test func aCursorToBeginBehindIsSent() async throws {
        let transport = ScriptedTransport([.pieces([end])])
        for try await _ in client(transport).events(of: "r", after: "c5") {}
        #expect(transport.cursors.withLock { $0 } == ["c5"])
    }
}

@Suite struct BFFEndpointTests {
    @Test(arguments: ["unix:/run/bff.sock", "unix:///run/bff.sock", "/run/bff.sock"])
    func aSocketCanBeWrittenInSeveralWays(_ text: String) {
        #expect(BFFEndpoint(text) == .unixSocket(path: "/run/bff.sock"))
    }

    @Test func aURLIsTakenWithoutItsLastSlash() {
        #expect(BFFEndpoint("https://bench.example.com/") == .url("https://bench.example.com"))
    }

    @Test(arguments: ["", "bff.sock", "ftp://example.com", "unix:bff.sock"])
    func anythingElseIsNoEndpoint(_ text: String) {
        #expect(BFFEndpoint(text) == nil)
    }

    @Test func aSocketThatNobodyListensOnIsUnreachable() async throws {
        let folder = try TemporaryFolder()
        let client = BFFClient(endpoint: .unixSocket(path: folder.file("none.sock")))
        let error = await #expect(throws: BFFClientError.self) { try await client.version() }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains("none.sock") == true)
    }
}

@Suite struct RecentSetTests {
    @Test func theOldestMemberIsForgottenFirst() {
        var set = RecentSet(capacity: 2)
        let news = ["a", "b", "a", "c", "b", "a"].map { set.insert($0) }
        #expect(news == [true, true, false, true, false, true])
    }
}
