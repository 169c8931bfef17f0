internal import Runtime

/// Work that blocks on the disk: it runs on a thread of its own, never on one of the shared pool, and looks from time to time whether it is still
/// wanted.
enum Blocking {
    /// Whether the task that waits for the work was cancelled.
    final class Wish: Sendable {
        private let isGone = Locked(false)

        func cancel() { isGone.withLock { $0 = true } }

        /// - Throws: `canceled` when nobody waits any more.
        func check() throws(ObjectStoreError) {
            if isGone.withLock({ $0 }) { throw .cancellation }
        }
    }

    /// Runs `body` on a thread of its own.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable (Wish) throws(ObjectStoreError) -> Value
    ) async throws(ObjectStoreError) -> Value {
        let wish = Wish()
        let result: Result<Value, ObjectStoreError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                Thread.detach {
                    continuation.resume(
                        returning: Result { () throws(ObjectStoreError) in
                            try wish.check()
                            return try body(wish)
                        })
                }
            }
        } onCancel: {
            wish.cancel()
        }
        return try result.get()
    }
}
