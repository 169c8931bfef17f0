internal import JobRunner
internal import Runtime

/// Repeats what the runner could not do, with waits that grow.
struct Retrying: Sendable {
    let time: any TimeSource
    let output: StructuredLog
    var backoff = Backoff(first: .milliseconds(200), most: .seconds(10))
    /// How often a start is tried before it counts as failed: with the waits above about half a minute.
    var tries = 8

    /// Repeats `body` for as long as it fails; there is nothing better to do than to get it done. nil when the task is cancelled first.
    @discardableResult
    func untilDone<Value: Sendable>(_ what: String, _ body: @Sendable () async throws -> Value) async
        -> Value?
    {
        var failures = 0
        while !Task.isCancelled {
            do {
                return try await body()
            } catch is CancellationError {
                return nil
            } catch {
                failures += 1
                await wait(what, error: error, failures: failures)
            }
        }
        return nil
    }

    /// Repeats `body` while its error says that trying again can help: up to the limit, or without one where it says that waiting does. nil when the task is
    /// cancelled first.
    ///
    /// - Parameter onWait: called for each error that is waited out.
    func whileTransient<Value: Sendable>(
        _ what: String, _ body: @Sendable () async throws(JobRunnerError) -> Value,
        onWait: @Sendable (JobRunnerError) -> Void = { _ in }
    ) async -> Result<Value, JobRunnerError>? {
        var failures = 0
        while !Task.isCancelled {
            do throws(JobRunnerError) {
                return .success(try await body())
            } catch {
                failures += 1
                guard error.isTransient, error.waits || failures < tries else { return .failure(error) }
                if error.waits { onWait(error) }
                await wait(what, error: error, failures: failures)
            }
        }
        return nil
    }

    private func wait(_ what: String, error: any Error, failures: Int) async {
        output.warning("trying again", ["what": what, "error": "\(error)", "failures": "\(failures)"])
        // Cancelled while it sleeps: the loop around looks.
        try? await time.sleep(for: backoff.delay(after: failures))
    }
}
