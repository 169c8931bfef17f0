import HTTPClient
import HTTPMessages
import HTTPServer
import Runtime
import TestSupport
import Testing

@Suite struct HostilePeerTests {
    private static func small() -> ServerLimits {
        var limits = ServerLimits()
        limits.bodySize = 10
        return limits
    }

    /// The status line of what a server answers to `text`.
    private func answer(_ fixture: ServerFixture, to text: String) async throws -> String {
        let connection = try fixture.connect()
        await connection.write(text)
        return await connection.read(until: "\r\n")
    }

    @Test func aBodyTooLargeIsRefusedAndItsHandlerNeverCalled() async throws {
        let fixture = try ServerFixture(limits: Self.small()) { request in
            if request.body.count > 10 { Issue.record("the handler was called") }
            return .text("fine")
        }
        for size in [11, 1_000_000] {
            let response = try await fixture.client.send(
                fixture.request(.post, "/", body: [UInt8](repeating: 0, count: size)))
            #expect(response.status == 413)
            #expect(response.text.contains("too_large"))
        }
        #expect(try await fixture.client.send(fixture.request(.post, "/", body: [1])).text == "fine")
        let chunked =
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n"
        #expect(try await answer(fixture, to: chunked) == "HTTP/1.1 413 Content Too Large\r\n")
        await fixture.server.stop()
    }

    @Test func aBodyWithoutEndIsHungUpOn() async throws {
        let fixture = try ServerFixture(limits: Self.small()) { _ in .text("fine") }
        let connection = try fixture.connect()
        await connection.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n"
        var sent = 0
        while await connection.write(chunk), sent < 1_000_000_000 { sent += chunk.utf8.count }
        #expect(sent < 100_000_000)
        await fixture.server.stop()
    }

    @Test(arguments: [
        ("garbage\r\n\r\n", ""), ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\r\n\r\n", ""),
        ("BREW / HTTP/1.1\r\nHost: x\r\n\r\n", "501"),
        ("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400"), ("GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", "413"),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"),
    ])
    func whatIsNoRequestIsRefused(text: String, status: String) async throws {
        let fixture = try ServerFixture { _ in .text("fine") }
        let line = try await answer(fixture, to: text)
        #expect(line.split(separator: " ").dropFirst().first ?? "" == status)
        #expect(try await fixture.get("/").text == "fine")
        await fixture.server.stop()
    }

    @Test func aHeadTooLongIsRefused() async throws {
        let fixture = try ServerFixture { _ in .text("fine") }
        let long = String(repeating: "x", count: 100_000)
        #expect(
            try await answer(fixture, to: "GET / HTTP/1.1\r\nHost: x\r\nX: \(long)\r\n\r\n").contains(" 431 ")
        )
        #expect(try await answer(fixture, to: "GET /\(long) HTTP/1.1\r\nHost: x\r\n\r\n").contains(" 414 "))
        #expect(try await fixture.get("/").text == "fine")
        await fixture.server.stop()
    }

    @Test func requestsSentInOneGoAreAnsweredInOrder() async throws {
        let fixture = try ServerFixture { request in
            if request.segments == ["0"] { await Task.yield() }
            return .text(request.path)
        }
        let connection = try fixture.connect()
        await connection.write((0..<20).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
        var text = ""
        while !text.hasSuffix("/19") { text += String(decoding: await connection.read(), as: UTF8.self) }
        let bodies = text.split(separator: "\r\n\r\n").dropFirst().map { $0.prefix { $0 != "H" } }
        #expect(bodies.map(String.init) == (0..<20).map { "/\($0)" })
        await fixture.server.stop()
    }

    @Test func aPeerThatOnlyEndsItsSendingStillGetsItsAnswer() async throws {
        let fixture = try ServerFixture { _ in
            // Longer than the server takes to look for peers that are gone.
            let isCancelled = await eventually(within: .milliseconds(600)) { Task.isCancelled }
            return .text(isCancelled ? "cancelled" : "fine")
        }
        let connection = try fixture.connect()
        await connection.write("GET / HTTP/1.0\r\n\r\n")
        connection.endSending()
        #expect(await connection.readAll().hasSuffix("fine"))
        await fixture.server.stop()
    }

    @Test func anIdleConnectionIsClosed() async throws {
        var limits = ServerLimits()
        limits.idleTimeout = .seconds(1)
        let fixture = try ServerFixture(limits: limits) { _ in .text("fine") }
        let connection = try fixture.connect()
        await connection.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(await connection.waitForEnd())
        await fixture.server.stop()
    }

    @Test func aRequestThatTricklesInIsHungUpOn() async throws {
        var limits = ServerLimits()
        limits.requestTimeout = .milliseconds(300)
        let fixture = try ServerFixture(limits: limits) { _ in .text("fine") }
        let connection = try fixture.connect()
        await connection.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        let isHungUpOn = await eventually {
            await !connection.write("x")
        }
        #expect(isHungUpOn)
        await fixture.server.stop()
    }

    @Test func aHeadThatTricklesInIsHungUpOn() async throws {
        var limits = ServerLimits()
        limits.requestTimeout = .milliseconds(300)
        limits.idleTimeout = .seconds(1)
        let fixture = try ServerFixture(limits: limits) { _ in .text("fine") }
        let connections = try (0..<20).map { _ in try fixture.connect() }
        for connection in connections { await connection.write("GET / HTTP/1.1\r\nHost: x\r\nX: ") }
        // Whoever sends a byte now and then holds a connection, and no more than that; others are served.
        #expect(try await fixture.get("/").text == "fine")
        let areHungUpOn = await eventually {
            for connection in connections where await connection.write("y") { return false }
            return true
        }
        #expect(areHungUpOn)
        await fixture.server.stop()
    }

    @Test(arguments: Transport.allCases)
    func aFirstLineThatTricklesInIsHungUpOn(_ transport: Transport) async throws {
        var limits = ServerLimits()
        limits.requestTimeout = .milliseconds(300)
        let fixture = try ServerFixture(transport, limits: limits) { _ in .text("fine") }
        let slow = try fixture.connect()
        await slow.write("GET /")
        // The same on a connection that has behaved well until then.
        let fickle = try fixture.connect()
        await fickle.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(await fickle.read(until: "fine").contains(" 200 "))
        let areHungUpOn = await eventually {
            let isSlowOver = await !slow.write("x")
            return await !fickle.write("x") && isSlowOver
        }
        #expect(areHungUpOn)
        #expect(try await fixture.get("/").text == "fine")
        await fixture.server.stop()
    }

    @Test func aConnectionThatIsUsedAgainHasAllTheTimeAnew() async throws {
        var limits = ServerLimits()
        limits.requestTimeout = .milliseconds(600)
        let fixture = try ServerFixture(limits: limits) { _ in .text("fine") }
        let connection = try fixture.connect()
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .milliseconds(1500) {
            #expect(await connection.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
            #expect(await connection.read(until: "fine").contains(" 200 "))
        }
        await fixture.server.stop()
    }

    @Test func aHandlerThatTakesTooLongIsGivenUp() async throws {
        var limits = ServerLimits()
        limits.requestTimeout = .milliseconds(100)
        let cancelled = Locked(false)
        let fixture = try ServerFixture(limits: limits) { _ in
            await untilCancelled()
            cancelled.withLock { $0 = Task.isCancelled }
            return .text("too late")
        }
        let response = try await fixture.get("/")
        #expect(response.status == 503)
        #expect(response.text.contains("timed_out"))
        #expect(await eventually { cancelled.withLock { $0 } })
        await fixture.server.stop()
    }

    @Test func manyPeersThatHangUpLeaveTheServerWhole() async throws {
        let fixture = try ServerFixture { request in
            request.segments == ["stream"]
                ? .events { writer in
                    while true { try await writer.write([UInt8](repeating: 0, count: 10_000)) }
                } : .text("fine")
        }
        for number in 0..<200 {
            let connection = try fixture.connect()
            let text = "GET \(number % 2 == 0 ? "/stream" : "/") HTTP/1.1\r\nHost: x\r\n\r\n"
            if number % 3 == 0 {
                await connection.write(text)
                _ = await connection.read(most: 10)
            } else {
                await connection.write(String(text.prefix(number % text.utf8.count)))
            }
        }
        #expect(try await fixture.get("/").text == "fine")
        await fixture.server.stop()
    }
}
