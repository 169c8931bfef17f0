internal import Descriptors
internal import Events
internal import Glibc
internal import JobRunner
internal import Runtime

/// How an attempt ended, and the outcome that follows from it.
struct AttemptEnd {
    var status: RunStatus
    var reason: Reason
    var message: String
    var blame: FailureClass?
    var exitCode: Int?
    var signal: Int?
    var started: Timestamp?
    /// What was numbered; nil where nobody came to count.
    var counts: Collector.Counts?
    var cpuSeconds: Double?
    var peakMemory: Int64?
    /// Why not everything is on the log; nil where it is.
    var failure: String?

    /// Of an attempt whose benchmark ran.
    ///
    /// - Parameter interruption: who ended it, where no wish to stop says why.
    init(
        _ ending: RunningBenchmark.Ending, started: Timestamp, counts: Collector.Counts?,
        lastWords: String, ranOutOfMemory: Bool, interruption: String
    ) {
        if let verdict = ending.verdict {
            self.init(verdict, interruption)
        } else {
            self.init(ending.exit, lastWords: lastWords, ranOutOfMemory: ranOutOfMemory)
        }
        switch ending.exit {
        case .code(let code): exitCode = Int(code)
        case .signal(let number): signal = Int(number)
        case nil: break
        }
        self.started = started
        self.counts = counts
        cpuSeconds = ending.cpuSeconds
        peakMemory = ending.peakMemory
    }

    /// Of an attempt that could not run.
    init(refusal error: any Error) {
        switch error {
        case let end as StoppedBefore:
            // Whoever takes the installation down wants the attempt made again.
            let isInterrupted = end.request.reason == .interrupted
            self.init(
                isInterrupted ? .error : .canceled, end.request.reason, "stopped before it started",
                isInterrupted ? .infrastructure : nil)
        case let refusal as Refusal:
            self.init(.error, refusal.reason, refusal.message, refusal.failure)
        default:
            self.init(.error, .startFailed, "the benchmark could not be started: \(error)", .infrastructure)
        }
    }

    private init(_ status: RunStatus, _ reason: Reason, _ message: String, _ blame: FailureClass?) {
        (self.status, self.reason, self.message, self.blame) = (status, reason, message, blame)
    }

    /// It was stopped before its benchmark was started.
    struct StoppedBefore: Error {
        var request: StopRequest
    }

    static func stoppedBefore(_ request: StopRequest) -> StoppedBefore { StoppedBefore(request: request) }

    private init(_ verdict: AttemptLife.Verdict, _ interruption: String) {
        switch verdict {
        case .stopped(.interrupted): self.init(.error, .interrupted, interruption, .infrastructure)
        case .stopped(let reason):
            let isTimeout = AttemptEnd.timeouts.contains(reason)
            self.init(
                isTimeout ? .timedOut : .canceled, reason, "stopped while it ran",
                isTimeout ? .benchmark : nil)
        case .runTimeout:
            self.init(.timedOut, .runTimeout, "it ran longer than run.timeout allows", .benchmark)
        case .silenceTimeout:
            self.init(
                .timedOut, .silenceTimeout,
                "it neither printed nor measured anything for run.silence_timeout", .benchmark)
        case .overMemory(let bytes):
            self.init(
                .failed, .outOfMemory,
                "its processes used \(bytes >> 20) MiB, more than run.limits.memory allows", .benchmark)
        case .overProcesses(let count):
            self.init(
                .failed, .tooManyProcesses,
                "it had \(count) processes, more than run.limits.processes allows", .benchmark)
        }
    }

    private init(_ exit: ChildProcess.Exit?, lastWords: String, ranOutOfMemory: Bool) {
        let words = lastWords.isEmpty ? "" : "; the last line on stderr: \(lastWords)"
        switch exit {
        case .code(0)?: self.init(.succeeded, .completed, "completed", nil)
        case .code(let code)?:
            self.init(.failed, .exitCode, "ended with exit code \(code)\(words)", .benchmark)
        case .signal(SIGKILL)? where ranOutOfMemory:
            self.init(
                .failed, .outOfMemory, "killed by the kernel because the machine ran out of memory",
                .benchmark)
        case .signal(let number)?:
            self.init(.failed, .signaled, "ended by \(SignalName.of(number))\(words)", .benchmark)
        case nil:
            self.init(.error, .internalError, "how it ended could not be learnt", .infrastructure)
        }
    }

    private static let timeouts: Set<Reason> = [
        .runTimeout, .silenceTimeout, .totalTimeout, .readyTimeout, .queueTimeout,
    ]

    /// The last word on the attempt.
    ///
    /// - Parameter circumstances: nil where nobody came to look at them.
    func outcome(of circumstances: Circumstances?, at now: Timestamp) -> AttemptOutcome {
        var outcome = AttemptOutcome(
            status: status, reason: reason, message: message, failure: blame, exitCode: exitCode,
            signal: signal,
            started: started, finished: now, cpuSeconds: cpuSeconds, peakMemory: peakMemory,
            metricCount: counts?.points, logCount: counts?.lines, droppedMetrics: counts?.dropped,
            environment: circumstances?.facts ?? [:],
            disturbances: circumstances?.disturbances ?? [])
        if let failure {
            outcome.status = .error
            outcome.reason = .metricsLost
            outcome.failure = .infrastructure
            outcome.message =
                "what the attempt measured could not be written to the message log: \(failure) (the attempt itself: \(message))"
        }
        return outcome
    }
}

extension Reason {
    /// `run.limits.processes` was exceeded.
    static let tooManyProcesses = Reason("TooManyProcesses")
}

extension Refusal {
    /// The program could not be started, for the system's reason `code`.
    init(cannotStart command: BenchmarkCommand, code: Int32, path: String?) {
        let text = String(cString: strerror(code))
        switch code {
        case ENOENT where !command.program.contains("/"):
            self.init(
                .commandNotFound, "there is no program '\(command.program)' in PATH=\(path ?? "")",
                failure: .benchmark)
        case ENOENT, ENOTDIR:
            self.init(
                .commandNotFound,
                "there is no program '\(command.program)', or the interpreter that it names in its first line",
                failure: .benchmark)
        case EACCES:
            self.init(
                .commandNotFound, "'\(command.program)' cannot be executed: \(text)", failure: .benchmark)
        default:
            self.init(.startFailed, "'\(command.program)' cannot be started: \(text)", failure: .benchmark)
        }
    }
}

/// Signals by name.
enum SignalName {
    private static let names: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
        SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
        SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
        SIGXCPU: "SIGXCPU (run.limits.cpu_time is used up)",
        SIGXFSZ: "SIGXFSZ (a file grew beyond run.limits.file_size)", SIGSYS: "SIGSYS",
    ]

    static func of(_ number: Int32) -> String { names[number] ?? "signal \(number)" }
}
