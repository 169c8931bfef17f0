import HTTPClient
import HTTPMessages
import Runtime
import TestSupport
import Testing

@Suite struct RetryPolicyTests {
    private let client = HTTPClient()

    /// A server that gives one answer after the other, the last one for ever, and counts.
    private final class Answers: Sendable {
        let count = Locked(0)
        let answers: [String]
        init(_ answers: [String]) { self.answers = answers }

        func server() throws -> RawServer {
            try RawServer { [self] connection in
                _ = connection.read(until: "\r\n\r\n")
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                connection.write(answers[min(number, answers.count) - 1])
            }
        }
    }

    private static let busy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    private static let fine = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine"

    private func quick(_ time: any TimeSource = SystemTime()) -> RetryPolicy {
        var policy = RetryPolicy(time: time)
        policy.backoff = Backoff(first: .milliseconds(1), most: .milliseconds(2))
        return policy
    }

    @Test func whatPassesIsTriedAgain() async throws {
        let answers = Answers([Self.busy, "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", Self.fine])
        let server = try answers.server()
        let response = try await client.send(HTTPRequest(.get, server.url), retrying: quick())
        #expect(response.text == "fine")
        #expect(answers.count.withLock { $0 } == 4)
    }

    @Test func theLastAnswerIsGivenWhenItDoesNotPass() async throws {
        let answers = Answers([Self.busy])
        let server = try answers.server()
        #expect(try await client.send(HTTPRequest(.get, server.url), retrying: quick()).status == 503)
        #expect(answers.count.withLock { $0 } == 4)
    }

    @Test func theLastErrorIsThrownWhenItDoesNotPass() async throws {
        let answers = Answers([""])
        let server = try answers.server()
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(HTTPRequest(.get, server.url), retrying: quick())
        }
        #expect(error?.code == .peerClosed)
        #expect(answers.count.withLock { $0 } == 4)
    }

    @Test(arguments: [400, 404, 409, 501])
    func whatDoesNotPassIsNotTriedAgain(status: Int) async throws {
        let answers = Answers(["HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n"])
        let server = try answers.server()
        #expect(try await client.send(HTTPRequest(.get, server.url), retrying: quick()).status == status)
        #expect(answers.count.withLock { $0 } == 1)
    }

    @Test func aPostIsSentOnceUnlessItsPeerCanTellTwoFromOne() async throws {
        let answers = Answers([Self.busy, Self.fine])
        let server = try answers.server()
        var request = HTTPRequest(.post, server.url, body: [1])
        #expect(try await client.send(request, retrying: quick()).status == 503)
        request.headers["Idempotency-Key"] = "1"
        #expect(try await client.send(request, retrying: quick()).status == 200)
    }

    @Test func thePeersWishForAPauseIsRespected() async throws {
        let answers = Answers([
            "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            Self.fine,
        ])
        let server = try answers.server()
        let time = ManualTime()
        async let response = client.send(HTTPRequest(.get, server.url), retrying: quick(time))
        #expect(await eventually { time.sleepers == 1 })
        time.advance(by: .milliseconds(6_999))
        #expect(time.sleepers == 1)
        time.advance(by: .milliseconds(1))
        #expect(try await response.text == "fine")
    }

    @Test func aWishForTooLongAPauseEndsTheTries() async throws {
        let answers = Answers(["HTTP/1.1 503 Busy\r\nRetry-After: 61\r\nContent-Length: 0\r\n\r\n"])
        let server = try answers.server()
        #expect(try await client.send(HTTPRequest(.get, server.url), retrying: quick()).status == 503)
        #expect(answers.count.withLock { $0 } == 1)
    }

    @Test(arguments: [
        ("7", Duration.seconds(7)), ("0", .zero), ("-1", nil), ("soon", nil),
        ("999999999999", .seconds(31_536_000)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", .seconds(60)), ("Wed, 21 Oct 2015 07:26:00 GMT", .zero),
    ])
    func thePauseIsGivenBySecondsOrByADate(text: String, pause: Duration?) {
        let head = HTTPResponseHead(status: 503, headers: ["Retry-After": text])
        #expect(head.retryAfter(now: Timestamp(milliseconds: 1_445_412_420_000)) == pause)
    }

    @Test func cancellingEndsTheWait() async throws {
        let answers = Answers([Self.busy])
        let server = try answers.server()
        let time = ManualTime()
        let task = Task { try await client.send(HTTPRequest(.get, server.url), retrying: quick(time)) }
        #expect(await eventually { time.sleepers == 1 })
        task.cancel()
        #expect(await #expect(throws: HTTPClientError.self) { try await task.value }?.code == .canceled)
    }
}
