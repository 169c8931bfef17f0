import HTTPClient
import HTTPMessages
import HTTPServer
import Runtime
import TestSupport
import Testing

@Suite struct HTTPServerTests {
    @Test(arguments: Transport.allCases)
    func aRequestComesToTheHandlerAndItsAnswerBack(transport: Transport) async throws {
        let heard = Locked<ServerRequest?>(nil)
        let fixture = try ServerFixture(transport) { request in
            heard.withLock { $0 = request }
            return ServerResponse(
                status: 201, headers: ["X-Out": "1", "X-Out2": "größe"], body: .bytes(request.body))
        }
        var request = fixture.request(.post, "/a%20b/c?x=1&y=%2B", body: Array("hello".utf8))
        request.headers.add("X-In", "größe")
        let response = try await fixture.client.send(request)
        #expect(response.status == 201)
        #expect(response.headers["x-out"] == "1")
        #expect(response.headers["x-out2"] == "größe")
        #expect(response.text == "hello")
        let seen = try #require(heard.withLock { $0 })
        #expect(seen.method == .post)
        #expect(seen.path == "/a%20b/c")
        #expect(seen.segments == ["a b", "c"])
        #expect(seen.query == [.init("x", "1"), .init("y", "+")])
        #expect(seen.headers["x-in"] == "größe")
        switch (transport, seen.peer) {
        case (.unix, .process(let id, _)): #expect(id > 0)
        case (.tcp, .address(let text)): #expect(text.hasPrefix("127.0.0.1:"))
        default: Issue.record("the peer is \(seen.peer)")
        }
        await fixture.server.stop()
    }

    @Test(arguments: Transport.allCases)
    func bigBodiesTravelBothWays(transport: Transport) async throws {
        var limits = ServerLimits()
        limits.bodySize = 8 * 1024 * 1024
        let fixture = try ServerFixture(transport, limits: limits) { .init(body: .bytes($0.body)) }
        var body = (0..<1024).map { UInt8($0 % 251) }
        while body.count < limits.bodySize { body += body }
        let response = try await fixture.client.send(fixture.request(.put, "/", body: body))
        #expect(response.body == body)
        await fixture.server.stop()
    }

    @Test func headHasTheHeadOfGetAndNoBody() async throws {
        let fixture = try ServerFixture { request in
            request.segments == ["stream"]
                ? .stream(type: "text/plain") { _ in Issue.record("a stream was written for HEAD") }
                : .text("12345")
        }
        let response = try await fixture.client.send(fixture.request(.head, "/"))
        #expect(response.status == 200)
        #expect(response.headers["Content-Length"] == "5")
        #expect(response.body.isEmpty)
        #expect(try await fixture.client.send(fixture.request(.head, "/stream")).status == 200)
        await fixture.server.stop()
    }

    @Test func aSlowHandlerHoldsUpNobody() async throws {
        let goOn = Locked(false)
        let fixture = try ServerFixture { request in
            if request.segments == ["slow"] {
                #expect(await eventually { goOn.withLock { $0 } })
            }
            return .text(request.path)
        }
        async let slow = fixture.get("/slow")
        for number in 0..<10 { #expect(try await fixture.get("/\(number)").text == "/\(number)") }
        goOn.withLock { $0 = true }
        #expect(try await slow.text == "/slow")
        await fixture.server.stop()
    }

    @Test(arguments: Transport.allCases)
    func twoHundredRequestsAtOnceAllGetTheirOwnAnswer(transport: Transport) async throws {
        let fixture = try ServerFixture(transport) { request in
            await Task.yield()
            return .text(request.path)
        }
        let wrong = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask { try await fixture.get("/\(number)").text != "/\(number)" }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wrong == 0)
        await fixture.server.stop()
    }

    @Test func anAnswerThatCannotBeSentIsAFailureOfTheServer() async throws {
        let fixture = try ServerFixture { request in
            request.segments == ["status"]
                ? ServerResponse(status: 99) : ServerResponse(headers: ["X": "a\r\nY: b"])
        }
        #expect(try await fixture.get("/status").status == 500)
        #expect(try await fixture.get("/header").status == 500)
        #expect(try await fixture.get("/header").headers["Y"] == nil)
        await fixture.server.stop()
    }

    @Test func theLengthOfAnAnswerIsTheServersBusiness() async throws {
        let fixture = try ServerFixture { _ in
            ServerResponse(
                headers: ["Content-Length": "99", "Transfer-Encoding": "x"], body: .bytes([1, 2]))
        }
        #expect(try await fixture.get("/").headers["Content-Length"] == "2")
        await fixture.server.stop()
    }
}
