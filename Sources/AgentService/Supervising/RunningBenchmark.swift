internal import Descriptors
internal import Events
internal import Glibc
internal import JobRunner
internal import Runtime

/// What becomes of what a benchmark prints and measures. For one thread.
protocol BenchmarkOutput: AnyObject {
    /// Where to wait for more; nothing while there is no room for more.
    var readable: [Int32] { get }
    /// Where to wait for room.
    var writable: [Int32] { get }
    /// When `read` has something to do in any case; nil while nothing waits.
    var due: ContinuousClock.Instant? { get }

    /// Takes what is there.
    ///
    /// - Parameter withFile: whether to look at what is measured in files too.
    /// - Returns: whether there was anything.
    func read(withFile: Bool) -> Bool
}

/// A benchmark that runs, until its last process has ended. For the first thread of the program.
final class RunningBenchmark {
    /// How it ended.
    struct Ending {
        /// The process that failed first, else the last one, by its place.
        var decisive: Int
        var exit: ChildProcess.Exit?
        /// Why it was ended, if it did not end by itself.
        var verdict: AttemptLife.Verdict?
        /// How many processes were left over, and whether they could be ended.
        var leftOver: Int
        var isClean: Bool
        /// What all of its processes have used.
        var cpuSeconds: Double
        var peakMemory: Int64
    }

    private let processes: [BenchmarkProcess]
    private let output: any BenchmarkOutput
    private let wakers: AgentWakers
    private let grace: Duration
    private let stopRequest: () -> StopRequest?
    private var life: AttemptLife
    private var usage: UsageWatch
    private var decisive: Int?
    /// Whether the files of measurements may have more than was read, and when to look.
    private var fileIsNews = true
    private var nextFileLook = ContinuousClock.now

    /// How often a file of measurements is looked at, at most: a benchmark may write to it ten thousand times a second.
    static let fileInterval = Duration.milliseconds(20)

    /// - Parameters:
    ///   - processes: at least one, just started.
    ///   - usage: begun before they were.
    ///   - stopRequest: asked again and again whether somebody wants it to end.
    init(
        _ processes: [BenchmarkProcess], output: any BenchmarkOutput, wakers: AgentWakers,
        limits: AttemptLife.Limits, usage: UsageWatch, stopRequest: @escaping () -> StopRequest?
    ) {
        (self.processes, self.output, self.wakers) = (processes, output, wakers)
        (self.usage, self.stopRequest) = (usage, stopRequest)
        grace = limits.grace
        life = AttemptLife(limits, start: .now)
    }

    /// Stays until nothing of it is left.
    func run() -> Ending {
        lookForStop()
        while processes.contains(where: { $0.exit == nil }) { turn() }
        let left = Descendants.alive().count
        let isClean = Descendants.endAll()
        let spent = Descendants.usage()
        let decisive = self.decisive ?? processes.count - 1
        return Ending(
            decisive: decisive, exit: processes[decisive].exit, verdict: life.verdict, leftOver: left,
            isClean: isClean, cpuSeconds: spent.seconds,
            peakMemory: usage.peakMemory(reported: spent.peakMemory))
    }

    /// Waits for something to happen, and deals with it.
    private func turn() {
        let events = wakers.wait(
            until: nextDue, readable: output.readable, writable: output.writable, withFiles: !fileIsNews)
        let now = ContinuousClock.now
        if events.wasSignaled { act(life.stop(.interrupted, grace: grace, at: now)) }
        if events.contentChanged || !wakers.watchesFiles { fileIsNews = true }
        lookForStop()
        let looksAtFile = fileIsNews && now >= nextFileLook
        if output.read(withFile: looksAtFile) { life.showedSign(at: now) }
        if looksAtFile {
            fileIsNews = false
            nextFileLook = now + RunningBenchmark.fileInterval
        }
        if let verdict = usage.look(at: processes, now: now) { act(life.exceeded(verdict, at: now)) }
        act(life.tick(at: now))
        if events.childEnded { reap(at: now) }
    }

    private func reap(at now: ContinuousClock.Instant) {
        Descendants.reapOrphans(except: processes)
        guard decisive == nil else { return }
        decisive = processes.firstIndex { $0.exit.map { $0 != .code(0) } ?? false }
        if decisive != nil { act(life.abandon(at: now)) }
    }

    private var nextDue: ContinuousClock.Instant {
        let file = fileIsNews ? nextFileLook : nil
        // Without the kernel's help the files are looked at now and then.
        let poll = wakers.watchesFiles ? nil : ContinuousClock.now + .milliseconds(100)
        // A minute at most: whatever was missed is found then.
        let late = ContinuousClock.now + .seconds(60)
        return [life.due, output.due, usage.due, file, poll].compactMap(\.self).reduce(late, min)
    }

    private func lookForStop() {
        guard let request = stopRequest() else { return }
        act(life.stop(request.reason, grace: request.grace.duration, at: .now))
    }

    private func act(_ actions: [AttemptLife.Action]) {
        for action in actions {
            switch action {
            case .terminate: for process in processes { process.signal(SIGTERM) }
            case .kill:
                for process in processes { process.signal(SIGKILL) }
                // Also those that have left the group.
                for entry in Descendants.alive() { kill(entry.processID, SIGKILL) }
            }
        }
    }
}
