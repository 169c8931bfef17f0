internal import Dispatch
internal import Glibc

/// Waits for SIGTERM or SIGINT, the two ways of asking a program to end.
package enum ShutdownSignals {
    /// Returns when the first of the two arrives, or when the task is cancelled. While it waits, neither ends the process by itself; a second
    /// SIGINT does, for whoever cannot wait.
    package static func wait() async {
        let (arrived, continuation) = AsyncStream.makeStream(of: Void.self)
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if number == SIGINT { signal(SIGINT, SIG_DFL) }
                continuation.finish()
            }
            source.resume()
            return source
        }
        for await _ in arrived {}
        for source in sources { source.cancel() }
    }
}

/// Runs the parts of a program together: the first one to end, by return or by error, cancels the others, and all have ended when this returns.
///
/// - Throws: the error of the part that ended first, if it ended by one.
package func runTogether(_ parts: [@Sendable () async throws -> Void]) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for part in parts { group.addTask(operation: part) }
        defer { group.cancelAll() }
        try await group.next()
    }
}
