internal import Glibc
internal import JobRunner
internal import Runtime

/// The right to supervise an attempt: given once.
struct AttemptClaim {
    /// Held for as long as the supervisor lives.
    private let lock: FileLock

    /// Somebody else has the attempt's lock, and does not let go of it.
    struct Busy: Error {}

    /// How long to wait for somebody who only looks whether the lock is held, or settles a stopped attempt.
    private static let patience = Duration.seconds(10)

    /// Claims the attempt.
    ///
    /// - Returns: nil when it was claimed before, or has ended: then there is nothing to do, ever.
    static func take(_ folder: AttemptFolder, host: SupervisorHost) throws -> AttemptClaim? {
        let lock = try waitForLock(folder)
        guard let lock, !folder.isStarted, !folder.isEnded else { return nil }
        try host.failPoints.pass("agent.before-start")
        guard let identity = ProcessIdentity(getpid()) else { throw SystemError("read /proc/self/stat") }
        let record = StartedRecord(supervisor: identity, since: host.time.now)
        return try folder.writeOnce(record, to: folder.started) ? AttemptClaim(lock: lock) : nil
    }

    private static func waitForLock(_ folder: AttemptFolder) throws -> FileLock? {
        let deadline = ContinuousClock.now + patience
        while !folder.isStarted, !folder.isEnded {
            if let lock = try FileLock.tryLock(folder.lock) { return lock }
            if ContinuousClock.now > deadline { throw Busy() }
            poll(nil, 0, 2)
        }
        return nil
    }
}
