internal import HTTPMessages
internal import Runtime

/// Takes a response from the thread of the transfers to the task that wants it, and tells the thread to stop for a while when the task is slow.
final class ResponseChannel: Sendable {
    /// What a task can wait for.
    enum Milestone { case head, bytes, end }

    /// A stream's reader may lag behind by this much; then the transfer pauses. Some of libcurl's buffers, so that it need not pause often.
    static let highWater = 256 * 1024

    private struct State {
        var head: HTTPResponseHead?
        var bytes: [UInt8] = []
        var end: Result<Void, HTTPClientError>?
        var isPaused = false
        var waiter: (milestone: Milestone, continuation: CheckedContinuation<Void, Never>)?

        func hasReached(_ milestone: Milestone) -> Bool {
            if end != nil { return true }
            return switch milestone {
            case .head: head != nil
            case .bytes: !bytes.isEmpty
            case .end: false
            }
        }

        /// The task to wake, if what it waits for is there now.
        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            guard let waiter, hasReached(waiter.milestone) else { return nil }
            self.waiter = nil
            return waiter.continuation
        }
    }

    private let state = Locked(State())
    private let mayPause: Bool

    /// - Parameter mayPause: whether somebody takes the bytes as they come; otherwise they gather until the end.
    init(mayPause: Bool) {
        self.mayPause = mayPause
    }

    // MARK: For the thread of the transfers

    func receive(_ head: HTTPResponseHead) {
        change { $0.head = head }
    }

    /// Takes more of the body; false when the reader is too far behind, and the same bytes are to come again after a pause.
    func receive(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        change { state in
            if mayPause, state.bytes.count >= ResponseChannel.highWater {
                state.isPaused = true
                return false
            }
            state.bytes.append(contentsOf: bytes)
            return true
        }
    }

    /// Ends the response, for anybody; false when it has ended before, and stays as it was.
    @discardableResult
    func finish(_ end: Result<Void, HTTPClientError>) -> Bool {
        change { state in
            guard state.end == nil else { return false }
            state.end = end
            return true
        }
    }

    var hasEnded: Bool { state.withLock { $0.end != nil } }

    var isPaused: Bool { state.withLock(\.isPaused) }

    private func change<Answer>(_ body: (inout State) -> Answer) -> Answer {
        let (answer, waiter) = state.withLock { state in
            let answer = body(&state)
            return (answer, state.takeWaiter())
        }
        waiter?.resume()
        return answer
    }

    // MARK: For the task

    /// Returns when `milestone` is reached or the transfer has ended. One task at a time.
    func wait(for milestone: Milestone) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                precondition(state.waiter == nil, "two tasks read the same response")
                state.waiter = (milestone, continuation)
                return state.takeWaiter() != nil
            }
            if isThere { continuation.resume() }
        }
    }

    /// The head, once it is there.
    func head() throws(HTTPClientError) -> HTTPResponseHead {
        let (head, end) = state.withLock { ($0.head, $0.end) }
        if let head { return head }
        try end?.get()
        preconditionFailure("asked for the head before it was there: a transfer succeeds only with one")
    }

    /// The bytes so far, which leave the channel, and whether the transfer waits for that.
    func take() throws(HTTPClientError) -> (bytes: [UInt8], wasPaused: Bool) {
        let (bytes, wasPaused, end) = state.withLock { state in
            defer {
                state.bytes = []
                state.isPaused = false
            }
            return (state.bytes, state.isPaused, state.end)
        }
        if bytes.isEmpty { try end?.get() }
        return (bytes, wasPaused)
    }

    /// The whole response, once it has ended well.
    func response() throws(HTTPClientError) -> HTTPResponse {
        let (bytes, end) = state.withLock { ($0.bytes, $0.end) }
        try end?.get()
        return HTTPResponse(head: try head(), body: bytes)
    }
}
