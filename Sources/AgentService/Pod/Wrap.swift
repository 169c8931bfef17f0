internal import Descriptors
internal import Events
internal import Glibc
internal import JSON
internal import PodContract
internal import Runtime

/// `bai-agent wrap`: runs the benchmark in its own container of a pod, in front of it as the container's first process, and ends as it ended.
package struct Wrap {
    private let order: PodOrder
    private let words: [String]
    private let host: PodHost
    private let wakers: AgentWakers
    private let output: PodOutput
    private var circumstances: Circumstances

    /// Runs `words` as the pod's order says.
    ///
    /// - Returns: the exit code of the benchmark; a signal that ended it ends this process too, where it can. 127 when there is no such program; 124 when it was
    ///   ended for a limit and then said that all was well; else `PodReport.ExitCode`.
    package static func run(_ words: [String], host: PodHost) -> Int32 {
        AgentWakers.holdSignals()
        Descendants.adopt()
        do {
            let lock = try begin(host)
            defer { withExtendedLifetime(lock) {} }
            let order = try host.folders.readOrder()
            var wrap = try Wrap(order, words, host)
            return wrap.run()
        } catch {
            return host.fail(.wrap, error)
        }
    }

    /// Takes the pod in hand: a benchmark never runs twice.
    private static func begin(_ host: PodHost) throws -> FileLock {
        let folders = host.folders
        guard mkdir(folders.streams, 0o777) == 0 || errno == EEXIST else {
            throw SystemError("make folder \(folders.streams)")
        }
        guard !SharedFile.exists(folders.begun), let lock = try FileLock.tryLock(folders.lock) else {
            throw Refusal(
                .startFailed, "the benchmark has been started in this pod before", failure: .infrastructure)
        }
        // The sidecar may be another user, who has to see whether it is held.
        chmod(folders.lock, 0o644)
        return lock
    }

    private init(_ order: PodOrder, _ words: [String], _ host: PodHost) throws {
        circumstances = Circumstances(
            runner: "kubernetes", watchesNeighbours: order.ignoresNeighbours != true)
        guard !words.isEmpty else {
            throw Refusal(.noCommand, "there is no command to run", failure: .benchmark)
        }
        (self.order, self.words, self.host) = (order, words, host)
        wakers = try AgentWakers(names: host.folders.records)
        output = try PodOutput(order, host.folders, processes: order.processes, time: host.time)
        let reporting = host.environment.filter { ["BAI_METRICS", "BENCHMARK_AI"].contains($0.key) }
        try SharedFile.write(
            WrapRecord(started: host.time.now, reporting: reporting), to: host.folders.begun)
        for number in 0..<order.processes {
            wakers.watchContent(of: host.folders.metrics(ofProcess: number))
        }
    }

    private mutating func run() -> Int32 {
        do {
            try awaitGroup()
            circumstances.look()
            let ending = try runBenchmark()
            return exitCode(of: ending)
        } catch {
            // It may have been started already when something else failed.
            _ = Descendants.endAll()
            let end = AttemptEnd(refusal: error)
            output.note(end.message)
            host.log.error("the benchmark was not run", ["error": end.message])
            report(end, lastWords: nil)
            return refusalCode(error)
        }
    }

    private func awaitGroup() throws {
        guard let barrier = order.barrier else { return }
        let begin = ContinuousClock.now
        try Barrier(barrier, order, node: host.nodeNumber, wakers: wakers).pass()
        let seconds = (ContinuousClock.now - begin).inSeconds
        output.note("all \(barrier.members) pods are there after \((seconds * 10).rounded() / 10) s")
    }

    /// Runs the benchmark and reports how it ended.
    private mutating func runBenchmark() throws -> RunningBenchmark.Ending {
        let usage = UsageWatch(order.limits)
        var processes: [BenchmarkProcess] = []
        for number in 0..<order.processes {
            let process = try start(number)
            processes.append(process)
            try output.connect(process, number: number)
        }
        let started = host.time.now
        try host.failPoints.pass("agent.after-start")
        let ending = RunningBenchmark(
            processes, output: output, wakers: wakers,
            limits: AttemptLife.Limits(
                run: order.timeout.duration, silence: order.silenceTimeout?.duration,
                grace: order.gracePeriod.duration),
            usage: usage, stopRequest: { nil }
        ).run()
        circumstances.lookAgain(after: ending)
        if let words = ending.leftOverNote { output.note(words) }
        output.conclude()
        noteDisturbances()
        let lastWords = output.lastWords(ofProcess: ending.decisive)
        var end = AttemptEnd(
            ending, started: started, counts: nil, lastWords: lastWords.line,
            ranOutOfMemory: circumstances.ranOutOfMemory, interruption: "its pod was told to end while it ran"
        )
        if order.processes > 1, ending.verdict == nil, ending.exit != .code(0) {
            end.message = "rank \(rank(ending.decisive)) \(end.message)"
        }
        report(end, lastWords: lastWords.text)
        return ending
    }

    private func start(_ number: Int) throws -> BenchmarkProcess {
        let process = ProcessPlan(order, words, host, number: number, rank: rank(number))
        do {
            return try BenchmarkProcess(
                process.command, variables: process.variables, directory: nil, limits: order.limits,
                agent: host.program)
        } catch let failure as BenchmarkProcess.StartFailure {
            throw Refusal(
                cannotStart: process.command, code: failure.code, path: process.variables["PATH"])
        }
    }

    private func rank(_ number: Int) -> Int { order.firstRank(node: host.nodeNumber) + number }

    private mutating func noteDisturbances() {
        if output.lostBytes > 0 {
            circumstances.disturb(
                "\(output.lostBytes) bytes of what it printed were lost, because the pod's disk was full")
        }
        if output.wasHeldUp {
            circumstances.disturb("the benchmark had to wait with its output, because nobody took it")
        }
    }

    // MARK: - The end

    /// Says that all was printed, and leaves the pod's report.
    private func report(_ end: AttemptEnd, lastWords: String?) {
        var end = end
        // Where it cannot be written, the lock that is let go of says the same.
        try? SharedFile.write([], to: host.folders.ended)
        let collected = waitForCounts()
        end.counts = collected?.counts
        end.failure = collected?.failure
        let outcome = end.outcome(of: circumstances, at: host.time.now)
        host.leave(PodReport(task: .wrap, outcome: outcome, lastWords: lastWords))
    }

    private func waitForCounts() -> CollectedCounts? {
        let deadline = ContinuousClock.now + host.countPatience
        while !SharedFile.exists(host.folders.counts), .now < deadline {
            _ = wakers.wait(until: min(deadline, .now + .milliseconds(100)), withFiles: true)
        }
        return SharedFile.read(host.folders.counts, as: CollectedCounts.self)
    }

    /// What `timeout` of the core utilities ends with.
    private static let endedForLimit: Int32 = 124

    private func exitCode(of ending: RunningBenchmark.Ending) -> Int32 {
        switch ending.exit {
        case .code(0):
            // It ended in peace, but not by itself: nobody shall take that for success.
            let wasEnded = ending.verdict.map { $0 != .stopped(.interrupted) } ?? false
            return wasEnded ? Wrap.endedForLimit : 0
        case .code(let code): return code
        case .signal(let number): return Wrap.end(by: number)
        case nil: return PodReport.ExitCode.infrastructure
        }
    }

    /// Ends this process by a signal. The first process of a container cannot be ended so, and says it as shells do.
    private static func end(by number: Int32) -> Int32 {
        // The benchmark has left a core where one was wanted.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        signal(number, SIG_DFL)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
        return 128 + number
    }

    /// What shells end with where there is no such program.
    private static let notFound: Int32 = 127

    private func refusalCode(_ error: any Error) -> Int32 {
        switch error as? Refusal {
        case let refusal? where refusal.reason == .commandNotFound: Wrap.notFound
        case let refusal? where refusal.failure == .benchmark: PodReport.ExitCode.descriptor
        default: PodReport.ExitCode.infrastructure
        }
    }
}

/// What one of the pod's processes is started with.
private struct ProcessPlan {
    let command: BenchmarkCommand
    let variables: [String: String]

    init(_ order: PodOrder, _ words: [String], _ host: PodHost, number: Int, rank: Int) {
        var variables = host.environment
        // The only one has its numbers from Kubernetes, in its words too.
        guard order.processes > 1 else {
            (command, self.variables) = (BenchmarkCommand(words: words), variables)
            return
        }
        let ranks = ["RANK": "\(rank)", "LOCAL_RANK": "\(number)"]
        variables.merge(ranks) { $1 }
        if number > 0, variables["BAI_METRICS"] == host.folders.metrics(ofProcess: 0) {
            variables["BAI_METRICS"] = host.folders.metrics(ofProcess: number)
        }
        self.variables = variables
        command = BenchmarkCommand(words: words.map { ProcessPlan.replace(ranks, in: $0) })
    }

    /// Kubernetes has dealt with all other variables, and with `$$`.
    private static func replace(_ values: [String: String], in text: String) -> String {
        values.reduce(text) { $0.replacing("$(\($1.key))", with: $1.value) }
    }
}
