import HTTPClient
import HTTPMessages
import HTTPServer
import Runtime
import TestSupport
import Testing

@Suite struct StreamTests {
    @Test(arguments: Transport.allCases)
    func eventsArriveAsTheyAreWritten(transport: Transport) async throws {
        let heard = Locked(0)
        let fixture = try ServerFixture(transport) { _ in
            .events { writer in
                for number in 0..<5 {
                    try await writer.write(ServerSentEvent(id: "\(number)", data: "event \(number)"))
                    // The next one is written only when this one has been read.
                    #expect(await eventually { heard.withLock { $0 } > number })
                }
            }
        }
        let stream = try await fixture.client.stream(fixture.request(.get, "/"))
        #expect(stream.headers["Content-Type"] == "text/event-stream")
        var parser = ServerSentEventParser()
        var events: [ServerSentEvent] = []
        for try await piece in stream.body {
            let more = parser.events(in: piece)
            events += try #require(more)
            heard.withLock { $0 = events.count }
        }
        #expect(events.map(\.data) == (0..<5).map { "event \($0)" })
        await fixture.server.stop()
    }

    @Test(arguments: Transport.allCases)
    func aLongStreamIsWholeHoweverSlowItsReader(transport: Transport) async throws {
        let pieces = 1000
        let fixture = try ServerFixture(transport) { _ in
            .stream(type: "application/octet-stream") { writer in
                for number in 0..<pieces {
                    try await writer.write([UInt8](repeating: UInt8(number % 251), count: 10_000))
                }
            }
        }
        let stream = try await fixture.client.stream(fixture.request(.get, "/"))
        var received = 0
        var isRight = true
        for try await piece in stream.body {
            isRight = isRight && piece.first == UInt8(received / 10_000 % 251)
            received += piece.count
            for _ in 0..<received % 7 { await Task.yield() }
        }
        #expect(isRight)
        #expect(received == pieces * 10_000)
        await fixture.server.stop()
    }

    @Test func aWriterWaitsForASlowReader() async throws {
        let written = Locked(0)
        let fixture = try ServerFixture { _ in
            .stream(type: "text/plain") { writer in
                while true {
                    try await writer.write([UInt8](repeating: 0, count: 100_000))
                    written.withLock { $0 += 100_000 }
                }
            }
        }
        let connection = try fixture.connect()
        await connection.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(await settles { written.withLock { $0 } })
        // What the sockets hold, and our own buffer.
        #expect(written.withLock { $0 } < 10_000_000)
        await fixture.server.stop(within: .zero, streamsWithin: .zero)
    }

    @Test(arguments: Transport.allCases)
    func aStreamWhosePeerHangsUpWhileNothingIsSentIsCancelled(transport: Transport) async throws {
        let (begun, ended) = (Locked(false), Locked(false))
        let fixture = try ServerFixture(transport) { _ in
            .events { writer in
                try await writer.write("data: hello\n\n")
                begun.withLock { $0 = true }
                await untilCancelled()
                ended.withLock { $0 = Task.isCancelled }
            }
        }
        let task = Task {
            let stream = try await fixture.client.stream(fixture.request(.get, "/"))
            for try await _ in stream.body {}
        }
        #expect(await eventually { begun.withLock { $0 } })
        #expect(!ended.withLock { $0 })
        task.cancel()
        #expect(await eventually { ended.withLock { $0 } })
        await fixture.server.stop()
    }

    @Test(arguments: Transport.allCases)
    func aStreamWhosePeerHangsUpWhileItIsWrittenEndsTheWriter(transport: Transport) async throws {
        let failure = Locked<HTTPServerError.Code?>(nil)
        let fixture = try ServerFixture(transport) { _ in
            .stream(type: "text/plain") { writer in
                do {
                    while true { try await writer.write([UInt8](repeating: 1, count: 1000)) }
                } catch {
                    failure.withLock { $0 = (error as? HTTPServerError)?.code }
                    throw error
                }
            }
        }
        func readSome() async throws {
            let stream = try await fixture.client.stream(fixture.request(.get, "/"))
            for try await _ in stream.body { return }
        }
        try await readSome()
        #expect(await eventually { failure.withLock { $0 } != nil })
        await fixture.server.stop()
    }

    @Test(arguments: Transport.allCases)
    func aHandlerWhosePeerHangsUpIsCancelled(transport: Transport) async throws {
        let (begun, ended) = (Locked(false), Locked(false))
        let fixture = try ServerFixture(transport) { _ in
            begun.withLock { $0 = true }
            await untilCancelled()
            ended.withLock { $0 = Task.isCancelled }
            return .text("too late")
        }
        let task = Task { try await fixture.get("/") }
        #expect(await eventually { begun.withLock { $0 } })
        task.cancel()
        #expect(await eventually { ended.withLock { $0 } })
        await fixture.server.stop()
    }

    @Test func aStreamThatFailsIsSeenToBeCutShort() async throws {
        struct Failure: Error {}
        let fixture = try ServerFixture { _ in
            .stream(type: "text/plain") { writer in
                try await writer.write("half")
                throw Failure()
            }
        }
        let error = await #expect(throws: HTTPClientError.self) { try await fixture.get("/") }
        #expect(error?.code == .peerClosed)
        await fixture.server.stop()
    }

    @Test func anEmptyStreamIsAnEmptyBody() async throws {
        let fixture = try ServerFixture { _ in .stream(type: "text/plain") { _ in } }
        let response = try await fixture.get("/")
        #expect(response.status == 200)
        #expect(response.body.isEmpty)
        await fixture.server.stop()
    }

    @Test func streamsWithFastReadersLeaveThePoolToOthers() async throws {
        let fixture = try ServerFixture { request in
            request.segments == ["stream"]
                ? .stream(type: "text/plain") { writer in while true { try await writer.write("x") } }
                : .text("fine")
        }
        let readers = (0..<8).map { _ in
            Task {
                for try await _ in try await fixture.client.stream(fixture.request(.get, "/stream")).body {}
            }
        }
        for _ in 0..<10 { #expect(try await fixture.get("/").text == "fine") }
        await fixture.server.stop(within: .zero, streamsWithin: .zero)
        for reader in readers { await #expect(throws: HTTPClientError.self) { try await reader.value } }
    }

    @Test func aSequenceIsAStream() async throws {
        let fixture = try ServerFixture { _ in
            let (pieces, continuation) = AsyncStream.makeStream(of: [UInt8].self)
            for piece in ["a", "b", "c"] { continuation.yield(Array(piece.utf8)) }
            continuation.finish()
            return .stream(type: "text/plain", of: pieces)
        }
        #expect(try await fixture.get("/").text == "abc")
        await fixture.server.stop()
    }
}
