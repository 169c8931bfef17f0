/// Lets those who name the same key go one after the other; different keys do not wait for each other.
actor KeyedTurns {
    /// Who waits, by the keys that somebody has his turn with.
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

    /// Runs `body` when nobody else runs one with `key`.
    func take<Result: Sendable>(
        _ key: String, _ body: @Sendable () async throws -> Result
    ) async rethrows -> Result {
        await begin(key)
        defer { end(key) }
        return try await body()
    }

    private func begin(_ key: String) async {
        guard waiting[key] != nil else {
            waiting[key] = []
            return
        }
        await withCheckedContinuation { waiting[key, default: []].append($0) }
    }

    private func end(_ key: String) {
        guard var others = waiting[key], !others.isEmpty else {
            waiting[key] = nil
            return
        }
        let next = others.removeFirst()
        waiting[key] = others
        next.resume()
    }
}
