internal import CLinux
internal import Glibc
internal import JobRunner
internal import Runtime

/// What an agent waits for beside its benchmark's output: signals, files that change, the ends of processes, and whoever rings. For one thread.
final class AgentWakers {
    /// Has the signals that ask a program to end, or tell of a child's end, wait to be read instead of acting on this one. To be called before the program has
    /// other threads: they inherit it.
    static func holdSignals() {
        var set = signalSet()
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // Whoever reads our standard output may be gone.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Rings when another thread has something to say.
    let bell = Bell()
    private let signals: Int32
    private let inotify: Inotify?
    private var contents: Set<Int32> = []

    /// Whether the kernel tells when the contents change; else they have to be looked at now and then.
    var watchesFiles: Bool { !contents.isEmpty }

    /// - Parameter folder: wakes when a name appears in it.
    init(names folder: String) throws(SystemError) {
        var set = AgentWakers.signalSet()
        signals = signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
        guard signals >= 0 else { throw SystemError("signalfd") }
        // The kernel may have no watches left to give.
        inotify = try? Inotify()
        _ = try? inotify?.watch(folder, for: .names)
    }

    deinit { close(signals) }

    /// Watches what is in a file, or in the files of a folder, once it is there.
    func watchContent(of path: String) {
        if let number = try? inotify?.watch(path, for: .content) { contents.insert(number) }
    }

    /// What has happened.
    struct Events {
        /// Somebody wants this program to end.
        var wasSignaled = false
        var childEnded = false
        var contentChanged = false
    }

    /// Waits until something happens or the time comes.
    ///
    /// - Parameters:
    ///   - readable: descriptors to wait for until there is something to read.
    ///   - writable: descriptors to wait for until there is room.
    func wait(
        until time: ContinuousClock.Instant, readable: [Int32] = [], writable: [Int32] = [],
        withFiles: Bool = false
    ) -> Events {
        let files = withFiles ? inotify?.descriptor ?? -1 : -1
        var wanted =
            ([signals, files, bell.descriptor] + readable).map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            } + writable.map { pollfd(fd: $0, events: Int16(POLLOUT), revents: 0) }
        // Rounded up, so as not to turn in circles during the last millisecond.
        let left = max(0, (time - ContinuousClock.now + .nanoseconds(999_999)).wholeMilliseconds)
        guard poll(&wanted, nfds_t(wanted.count), Int32(clamping: left)) > 0 else { return Events() }
        bell.clear()
        let touched = withFiles ? inotify?.events() ?? [] : []
        var events = takeSignals()
        events.contentChanged = !contents.isDisjoint(with: touched)
        return events
    }

    private func takeSignals() -> Events {
        var events = Events()
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        while withUnsafeMutableBytes(of: &info, { read(signals, $0.baseAddress, size) }) == size {
            if info.ssi_signo == UInt32(SIGCHLD) {
                events.childEnded = true
            } else {
                events.wasSignaled = true
            }
        }
        return events
    }

    private static func signalSet() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGCHLD] { sigaddset(&set, number) }
        return set
    }
}
