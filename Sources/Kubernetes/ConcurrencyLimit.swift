internal import Runtime

/// How many requests may be under way at once: found out from how the server answers, rather than set.
///
/// Until the first sign of trouble each good answer raises the limit by one, afterwards by a little, and a sign of trouble (429, 503, no answer in time, or one far slower than usual) halves it, at most once in the time
/// that an answer takes. So many clients of one server come to share it evenly, as TCP's connections share a line.
struct ConcurrencyWindow {
    static let least = 1.0
    static let most = 200.0
    static let first = 16.0
    /// An answer that takes so many times the usual, and is slow for a person too, means that requests wait in the server.
    private static let slowFactor = 8.0
    private static let slow = Duration.milliseconds(500)

    private(set) var limit = ConcurrencyWindow.first
    /// What an answer usually takes, in seconds: a moving average.
    private(set) var usual: Double?
    private var heldUntil: ContinuousClock.Instant?
    /// No limit was met yet.
    private var isStarting = true

    /// What an answer says about the server.
    enum Sign { case good, overloaded }

    /// Takes note of an answer after `duration`, while `inFlight` were under way.
    mutating func note(_ sign: Sign, after duration: Duration, inFlight: Int, at now: ContinuousClock.Instant)
    {
        let seconds = duration.inSeconds
        let isSlow =
            duration > ConcurrencyWindow.slow && seconds > (usual ?? seconds) * ConcurrencyWindow.slowFactor
        if sign == .overloaded || isSlow {
            shrink(at: now)
        } else if Double(inFlight) >= limit / 2 {
            // Only what is used is known to be good for the server.
            limit = min(limit + (isStarting ? 1 : 1 / limit), ConcurrencyWindow.most)
        }
        if sign == .good { usual = usual.map { $0 * 0.95 + seconds * 0.05 } ?? seconds }
    }

    private mutating func shrink(at now: ContinuousClock.Instant) {
        if let heldUntil, now < heldUntil { return }
        isStarting = false
        limit = max(limit / 2, ConcurrencyWindow.least)
        // What was sent before the change cannot know of it.
        heldUntil = now + .seconds(max(usual ?? 0.1, 0.05))
    }
}

/// Lets requests through as the window allows, in the order in which they came.
final class ConcurrencyLimit: Sendable {
    private struct State {
        var window = ConcurrencyWindow()
        var inFlight = 0
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        /// Tickets of those who are about to wait, and whether they were cancelled meanwhile.
        var arriving: [Int: Bool] = [:]
        var nextTicket = 0

        /// Those who may go now.
        mutating func admitted() -> [CheckedContinuation<Bool, Never>] {
            let free = max(Int(window.limit) - inFlight, 0)
            let first = waiting.prefix(free).map(\.continuation)
            waiting.removeFirst(first.count)
            inFlight += first.count
            return first
        }
    }

    private let state = Locked(State())

    /// How many may be under way now.
    var limit: Double { state.withLock { $0.window.limit } }

    /// Returns when a request may start; false when the task was cancelled first. Whoever was let through calls `leave`.
    func enter() async -> Bool {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            state.arriving[state.nextTicket] = false
            return state.nextTicket
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (admitted, isRefused) = state.withLock { state in
                    let isCancelled = state.arriving.removeValue(forKey: ticket) ?? false
                    if !isCancelled { state.waiting.append((ticket, continuation)) }
                    return (state.admitted(), isCancelled)
                }
                if isRefused { continuation.resume(returning: false) }
                for waiter in admitted { waiter.resume(returning: true) }
            }
        } onCancel: {
            cancel(ticket)
        }
    }

    /// The request is over.
    func leave(_ sign: ConcurrencyWindow.Sign?, after duration: Duration) {
        let admitted = state.withLock { state in
            if let sign {
                state.window.note(sign, after: duration, inFlight: state.inFlight, at: .now)
            }
            state.inFlight -= 1
            return state.admitted()
        }
        for waiter in admitted { waiter.resume(returning: true) }
    }

    private func cancel(_ ticket: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else {
                // Not here yet, or let through already: then there is nothing to take back.
                if state.arriving[ticket] != nil { state.arriving[ticket] = true }
                return nil
            }
            return state.waiting.remove(at: index).continuation
        }
        waiter?.resume(returning: false)
    }
}
