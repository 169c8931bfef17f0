import Glibc
import HTTPClient
import HTTPMessages
import Runtime
import TestSupport
import Testing

@Suite struct HTTPClientStreamTests {
    private let client = HTTPClient()

    @Test func theHeadIsThereBeforeTheBody() async throws {
        let goOn = Locked(false)
        let server = try RawServer { connection in
            _ = connection.read(until: "\r\n\r\n")
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            _ = connection.read(until: "never")
            goOn.withLock { $0 = true }
        }
        let stream = try await client.stream(HTTPRequest(.get, server.url))
        #expect(stream.status == 200)
        #expect(!goOn.withLock { $0 })
    }

    @Test func piecesComeAsTheyAreSent() async throws {
        let read = Locked(0)
        let server = try RawServer { connection in
            _ = connection.read(until: "\r\n\r\n")
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in 0..<5 {
                connection.write("6\r\npiece\(number)\r\n")
                // The next piece is sent only when this one has been read.
                while read.withLock({ $0 }) <= number {}
            }
            connection.write("0\r\n\r\n")
        }
        let stream = try await client.stream(HTTPRequest(.get, server.url))
        var pieces: [String] = []
        for try await piece in stream.body {
            pieces.append(String(decoding: piece, as: UTF8.self))
            read.withLock { $0 += 1 }
        }
        #expect(pieces == (0..<5).map { "piece\($0)" })
    }

    @Test func aSlowReaderHoldsUpTheSenderAndLosesNothing() async throws {
        let size = 64 * 1024 * 1024
        let sent = Locked(0)
        let server = try RawServer { connection in
            _ = connection.read(until: "\r\n\r\n")
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            let piece = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 % 251) }
            for _ in 0..<(size / piece.count) {
                guard connection.write(piece) else { return }
                sent.withLock { $0 += piece.count }
            }
        }
        let stream = try await client.stream(HTTPRequest(.get, server.url))
        #expect(await settles { sent.withLock { $0 } })
        #expect(sent.withLock { $0 } < size / 2)
        var received = 0
        var isRight = true
        for try await piece in stream.body {
            isRight = isRight && piece.first == UInt8(received % 65_536 % 251)
            received += piece.count
        }
        #expect(isRight)
        #expect(received == size)
    }

    @Test func aStreamThatIsLetGoOfHangsUp() async throws {
        let hungUp = Locked(false)
        let server = try RawServer { connection in
            _ = connection.read(until: "\r\n\r\n")
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin")
            let isOver = connection.waitForEnd()
            hungUp.withLock { $0 = isOver }
        }
        func readFirst() async throws -> [UInt8]? {
            let stream = try await client.stream(HTTPRequest(.get, server.url))
            for try await piece in stream.body { return piece }
            return nil
        }
        #expect(try await readFirst() == Array("begin".utf8))
        #expect(await eventually { hungUp.withLock { $0 } })
    }

    @Test func aCancelledReaderHangsUp() async throws {
        let hungUp = Locked(false)
        let server = try RawServer { connection in
            _ = connection.read(until: "\r\n\r\n")
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            let isOver = connection.waitForEnd()
            hungUp.withLock { $0 = isOver }
        }
        let stream = try await client.stream(HTTPRequest(.get, server.url))
        let reader = Task { for try await _ in stream.body {} }
        reader.cancel()
        #expect(await #expect(throws: HTTPClientError.self) { try await reader.value }?.code == .canceled)
        #expect(await eventually { hungUp.withLock { $0 } })
    }

    @Test func aChildThatLivesOnKeepsNoConnectionOpen() async throws {
        let hungUp = Locked(false)
        let server = try RawServer { connection in
            _ = connection.read(until: "\r\n\r\n")
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            let isOver = connection.waitForEnd()
            hungUp.withLock { $0 = isOver }
        }
        let stream = try await client.stream(HTTPRequest(.get, server.url))
        let child = try ChildProcess.start(.init(program: "/bin/sleep", arguments: ["60"], environment: [:]))
        let reader = Task { for try await _ in stream.body {} }
        reader.cancel()
        _ = await reader.result
        #expect(await eventually(within: .seconds(10)) { hungUp.withLock { $0 } })
        kill(child.processID, SIGKILL)
        _ = try await child.wait()
    }

    @Test func aBodyCutShortEndsWithAnErrorAfterWhatCame() async throws {
        let server = try server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        let stream = try await client.stream(HTTPRequest(.get, server.url))
        var text = ""
        let error = await #expect(throws: HTTPClientError.self) {
            for try await piece in stream.body { text += String(decoding: piece, as: UTF8.self) }
        }
        #expect(text == "half")
        #expect(error?.code == .peerClosed)
    }

    @Test func aSilentStreamTimesOut() async throws {
        let server = try RawServer { connection in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            _ = connection.readAll()
            _ = connection.read()
        }
        var request = HTTPRequest(.get, server.url)
        request.idleTimeout = .milliseconds(100)
        let stream = try await client.stream(request)
        let error = await #expect(throws: HTTPClientError.self) { for try await _ in stream.body {} }
        #expect(error?.code == .timedOut)
    }

    @Test func aStreamKeepsItsClient() async throws {
        let server = try server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")
        var client: HTTPClient? = HTTPClient()
        let stream = try await client?.stream(HTTPRequest(.get, server.url))
        client = nil
        var text = ""
        for try await piece in try #require(stream).body { text += String(decoding: piece, as: UTF8.self) }
        #expect(text == "body")
    }
}
