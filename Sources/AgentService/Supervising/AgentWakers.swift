internal import CLinux
internal import Glibc
internal import JobRunner
internal import Runtime

/// What a supervisor waits for beside its benchmark's output: signals, files that change, the benchmark's end, and the publisher. For one thread.
final class SupervisorWakers {
    /// Has the two signals that ask a program to end wait to be read instead of ending this one. To be called before the program has other threads: they
    /// inherit it.
    static func holdSignals() {
        var set = signalSet()
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // Whoever reads our standard output may be gone.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Rings when the publisher has something to say.
    let bell = Bell()
    private let signals: Int32
    private let inotify: Inotify?
    private var metrics: Int32?

    /// Whether the kernel tells when the files change; else they have to be looked at now and then.
    var watchesFiles: Bool { metrics != nil }

    init(_ folder: AttemptFolder) throws(SystemError) {
        var set = SupervisorWakers.signalSet()
        signals = signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
        guard signals >= 0 else { throw SystemError("signalfd") }
        // The kernel may have no watches left to give.
        inotify = try? Inotify()
        _ = try? inotify?.watch(folder.path, for: .names)
    }

    deinit { close(signals) }

    /// Watches the file of measurements, once it is there.
    func watchMetrics(of folder: AttemptFolder) {
        metrics = try? inotify?.watch(folder.metrics, for: .content)
    }

    /// What has happened.
    struct Events {
        var wasSignaled = false
        var hasEnded = false
        var metricsChanged = false
    }

    /// Waits until something happens or the time comes.
    ///
    /// - Parameters:
    ///   - process: readable when the benchmark has ended; -1 when that is known.
    ///   - output: readable when the benchmark has printed.
    func wait(until time: ContinuousClock.Instant, process: Int32, output: [Int32], withFiles: Bool) -> Events
    {
        let files = withFiles ? inotify?.descriptor ?? -1 : -1
        var wanted = ([signals, process, files, bell.descriptor] + output).map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        // Rounded up, so as not to turn in circles during the last millisecond.
        let left = max(0, (time - ContinuousClock.now + .nanoseconds(999_999)).wholeMilliseconds)
        guard poll(&wanted, nfds_t(wanted.count), Int32(clamping: left)) > 0 else { return Events() }
        bell.clear()
        let touched = withFiles ? inotify?.events() ?? [] : []
        return Events(
            wasSignaled: takeSignal(), hasEnded: wanted[1].revents != 0,
            metricsChanged: metrics.map(touched.contains) ?? false)
    }

    private func takeSignal() -> Bool {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        return withUnsafeMutableBytes(of: &info) { read(signals, $0.baseAddress, size) } == size
    }

    private static func signalSet() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
        return set
    }
}
