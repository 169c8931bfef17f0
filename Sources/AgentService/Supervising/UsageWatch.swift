internal import Descriptors
internal import JobRunner
internal import Runtime

/// Watches what an attempt's processes use, as far as the kernel cannot be told to.
struct UsageWatch {
    /// Looking at all processes of a machine takes a millisecond: often enough to catch a leak, rarely enough not to be noticed.
    private static let limitInterval = Duration.milliseconds(100)
    /// Looking at one process takes some microseconds. The first looks are early, for short benchmarks; then they become rarer.
    private static let (firstPeakInterval, lastPeakInterval) = (
        Duration.milliseconds(5), Duration.milliseconds(500)
    )

    private let memory: Int64?
    private let processes: Int?
    private var nextLimit: ContinuousClock.Instant
    private var nextPeak: ContinuousClock.Instant
    private var peakInterval = UsageWatch.firstPeakInterval
    private var peak: Int64?
    /// What the kernel counts as the benchmark's peak at least: its process begins as a part of this one.
    private let ownPeak: Int64

    init(_ limits: Descriptor.Limits) {
        memory = limits.memory?.bytes
        processes = limits.processes
        (nextLimit, nextPeak) = (.now, .now)
        ownPeak = Descendants.ownUsage().peakMemory
    }

    /// When to look again.
    var due: ContinuousClock.Instant { hasLimits ? min(nextLimit, nextPeak) : nextPeak }

    private var hasLimits: Bool { memory != nil || processes != nil }

    /// Looks, when it is time.
    ///
    /// - Returns: which limit was exceeded, if one was.
    mutating func look(at benchmark: [BenchmarkProcess], now: ContinuousClock.Instant) -> AttemptLife.Verdict?
    {
        if now >= nextPeak {
            for used in benchmark.compactMap(\.peakMemory) { peak = max(used, peak ?? 0) }
            peakInterval = min(peakInterval * 2, UsageWatch.lastPeakInterval)
            nextPeak = now + peakInterval
        }
        guard hasLimits, now >= nextLimit else { return nil }
        nextLimit = now + UsageWatch.limitInterval
        let alive = Descendants.alive()
        let used = alive.reduce(0) { $0 + $1.residentMemory }
        if let memory, used > memory { return .overMemory(bytes: used) }
        if let processes, alive.count > processes { return .overProcesses(alive.count) }
        return nil
    }

    /// The largest resident set of one of the processes. The kernel's own number is exact, but of a small benchmark it is this program's; then what was seen on
    /// the way says more.
    func peakMemory(reported: Int64) -> Int64 {
        reported > ownPeak ? reported : peak ?? reported
    }
}
