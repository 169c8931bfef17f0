internal import CCurl
internal import HTTPMessages
package import Runtime

/// How often, and after which waits, a request is sent again that failed for a reason that passes.
package struct RetryPolicy: Sendable {
    /// The most tries, the first included.
    package var attempts = 4
    package var backoff = Backoff(first: .milliseconds(200), most: .seconds(10))
    /// A peer that asks for a longer wait is not waited for.
    package var longestWait: Duration = .seconds(60)
    package var time: any TimeSource

    package init(time: any TimeSource = SystemTime()) {
        self.time = time
    }

    /// How long to wait after failed try number `attempt` before the next one; nil to give up.
    ///
    /// - Parameter head: the head of the response if there was one; its `Retry-After` counts.
    package func wait(afterAttempt attempt: Int, head: HTTPResponseHead? = nil) -> Duration? {
        guard attempt < attempts else { return nil }
        let own = backoff.delay(after: attempt)
        let wait = max(own, head.flatMap { $0.retryAfter(now: time.now) } ?? .zero)
        return wait <= max(longestWait, backoff.most) ? wait : nil
    }
}

extension HTTPResponseHead {
    /// How long the peer asks to wait, by seconds or by a date.
    package func retryAfter(now: Timestamp) -> Duration? {
        guard let text = headers["Retry-After"] else { return nil }
        if let seconds = Int64(text) {
            // A year stands for everything longer, far from where durations overflow.
            return seconds >= 0 ? .seconds(min(seconds, 31_536_000)) : nil
        }
        let date = curl_getdate(text, nil)
        guard date >= 0 else { return nil }
        return max(Timestamp(milliseconds: Int64(date) * 1000) - now, .zero)
    }
}

extension HTTPRequest {
    /// Whether sending this twice does what sending it once does: by its method, or because the peer can tell by an `Idempotency-Key`.
    package var isIdempotent: Bool {
        method.isIdempotent || headers["Idempotency-Key"] != nil
    }
}

extension HTTPClient {
    /// Sends the request, and again while it fails for reasons that pass (`isTransient` of error or response) and the policy allows.
    ///
    /// A request that is not idempotent is sent again only when nobody can have received it.
    /// - Returns: the last response, of whatever status.
    package func send(
        _ request: HTTPRequest, retrying policy: RetryPolicy
    ) async throws(HTTPClientError) -> HTTPResponse {
        var attempt = 1
        while true {
            let wait: Duration
            do {
                let response = try await send(request)
                guard response.head.isTransient, request.isIdempotent,
                    let time = policy.wait(afterAttempt: attempt, head: response.head)
                else { return response }
                wait = time
            } catch {
                guard error.isTransient, request.isIdempotent || error.isBeforeSending,
                    let time = policy.wait(afterAttempt: attempt)
                else { throw error }
                wait = time
            }
            do {
                try await policy.time.sleep(for: wait)
            } catch {
                throw HTTPClientError(.canceled, "\(request.label): canceled while waiting for the next try")
            }
            attempt += 1
        }
    }
}
