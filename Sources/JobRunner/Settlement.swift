internal import Descriptors
internal import Events
internal import JSON
internal import Runtime

/// Ends what ended without saying so: an attempt whose supervisor is gone, or one that was stopped before a supervisor took it in hand.
enum Settlement {
    /// Writes the outcome of an attempt that has none and no supervisor; does nothing while one lives, or where there is nothing to settle.
    ///
    /// Whoever holds the attempt's lock decides, so that it may be called by several programs at once.
    static func settle(
        _ folder: AttemptFolder, _ reference: AttemptReference, now: Timestamp
    ) throws(SystemError) {
        guard folder.isStarted || folder.isStopRequested, !folder.isEnded,
            let lock = try FileLock.tryLock(folder.lock)
        else { return }
        // Between the look and the lock the supervisor may have written what it had to say.
        if !folder.isEnded {
            let outcome = folder.isStarted ? vanished(folder, reference, now) : neverStarted(folder, now)
            try folder.write(outcome, to: folder.outcome)
        }
        withExtendedLifetime(lock) {}
    }

    private static func vanished(
        _ folder: AttemptFolder, _ reference: AttemptReference, _ now: Timestamp
    ) -> AttemptOutcome {
        // A damaged record says as little as a missing one.
        let running = try? folder.read(folder.running, as: RunningRecord.self)
        let isClean = AttemptProcesses.killLeftovers(of: reference.description, leader: running?.process)
        return AttemptOutcome(
            status: .error, reason: .vanished,
            message: "the attempt's supervisor ended without a word: it was killed, or the machine went down",
            failure: .infrastructure, started: running?.since, finished: now,
            environment: running?.environment ?? [:],
            disturbances: isClean
                ? [] : ["processes of the attempt could not be killed and may go on running"])
    }

    private static func neverStarted(_ folder: AttemptFolder, _ now: Timestamp) -> AttemptOutcome {
        let request = try? folder.read(folder.stop, as: StopRequest.self)
        let isInterrupted = request?.reason == .interrupted
        return AttemptOutcome(
            status: isInterrupted ? .error : .canceled, reason: request?.reason ?? .canceledByUser,
            message: "stopped before it started", failure: isInterrupted ? .infrastructure : nil,
            finished: now, metricCount: 0, logCount: 0)
    }
}
