/// How long to wait before the next try: doubling from `first` to `most`, each wait between half and all of that,
/// so that many who failed together do not come back together.
package struct Backoff: Sendable {
    package var first: Duration
    package var most: Duration

    package init(first: Duration = .milliseconds(50), most: Duration = .seconds(10)) {
        self.first = first
        self.most = most
    }

    /// The wait after failed try number `attempt` (1 is the first).
    package func delay(after attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        longest(after: attempt) * Double.random(in: 0.5...1, using: &generator)
    }

    /// The wait after failed try number `attempt`, with the system's randomness.
    package func delay(after attempt: Int) -> Duration {
        // Without naming the system's generator: it has no state, and the thread sanitizer takes its place in memory for a shared one.
        longest(after: attempt) * Double.random(in: 0.5...1)
    }

    private func longest(after attempt: Int) -> Duration {
        // 2^20 is beyond any `most` in use; the bound keeps the multiplication from overflowing.
        let doublings = min(max(attempt, 1) - 1, 20)
        return min(first * (1 << doublings), most)
    }
}
