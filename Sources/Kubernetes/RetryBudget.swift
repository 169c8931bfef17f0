/// Lets retries be a tenth of all requests, and some at once: without a limit, a server in trouble gets several times its load from those who
/// try again, and stays in trouble.
struct RetryBudget {
    private static let perRequest = 0.1
    private static let most = 20.0

    private var tokens = RetryBudget.most

    /// A request succeeded, or was refused for good: there is a server that answers.
    mutating func earn() {
        tokens = min(tokens + RetryBudget.perRequest, RetryBudget.most)
    }

    /// Whether one more retry is affordable; if so it is paid for.
    mutating func spend() -> Bool {
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
