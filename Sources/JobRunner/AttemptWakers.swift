internal import CLinux
internal import Glibc
internal import Runtime

/// The kernel's ways to tell that something happened to one of several attempts. For one thread.
final class AttemptWakers {
    private struct Waker {
        /// nil where the kernel has no watches left to give; then the slow poll has to do.
        var watch: Int32?
        /// Readable when the supervisor has ended.
        var supervisor: Int32?
    }

    private var wakers: [AttemptReference: Waker] = [:]
    private let inotify = try? Inotify()

    deinit { keep(only: []) }

    /// Watches an attempt, as far as that is possible by now.
    func add(_ reference: AttemptReference, _ folder: AttemptFolder) {
        var waker = wakers[reference] ?? Waker()
        if waker.watch == nil { waker.watch = try? inotify?.watch(folder.path, for: .names) }
        if waker.supervisor == nil { waker.supervisor = AttemptWakers.open(supervisorOf: folder) }
        wakers[reference] = waker
    }

    /// Forgets all others.
    func keep(only references: Set<AttemptReference>) {
        for (reference, waker) in wakers where !references.contains(reference) {
            if let watch = waker.watch { inotify?.forget(watch) }
            if let supervisor = waker.supervisor { close(supervisor) }
            wakers[reference] = nil
        }
    }

    /// Waits until something happens to one of the attempts, the bell rings, or time is up.
    ///
    /// - Returns: the attempts to which something happened.
    func wait(bell: Int32, timeout: Duration) -> Set<AttemptReference> {
        let supervised = wakers.compactMap { reference, waker in
            waker.supervisor.map { (reference: reference, descriptor: $0) }
        }
        let fixed = [bell, inotify?.descriptor ?? -1]
        var wanted = (fixed + supervised.map(\.descriptor)).map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        guard poll(&wanted, nfds_t(wanted.count), Int32(clamping: timeout.wholeMilliseconds)) > 0 else {
            return []
        }
        var woken: Set<AttemptReference> = []
        for (place, entry) in supervised.enumerated() where wanted[fixed.count + place].revents != 0 {
            woken.insert(entry.reference)
            // It stays readable: once is enough.
            close(entry.descriptor)
            wakers[entry.reference]?.supervisor = nil
        }
        let touched = inotify?.events() ?? []
        woken.formUnion(wakers.filter { $0.value.watch.map(touched.contains) == true }.keys)
        return woken
    }

    private static func open(supervisorOf folder: AttemptFolder) -> Int32? {
        guard let started = try? folder.read(folder.started, as: StartedRecord.self),
            started.supervisor.isAlive
        else { return nil }
        let descriptor = clinux_pidfd_open(started.supervisor.processID)
        return descriptor >= 0 ? descriptor : nil
    }
}
