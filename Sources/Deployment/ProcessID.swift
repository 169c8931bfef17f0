internal import CLinux
internal import FoundationEssentials
internal import Glibc
package import Runtime

/// The process that holds a lock file.
package enum ProcessID {
    /// Whoever only asks whether a lock is held holds it for this long at the very most.
    private static let blink = Duration.milliseconds(100)
    private static let pause = Duration.milliseconds(10)

    /// Takes a lock for this process and writes its id into it; nil when another process holds it.
    package static func claim(_ lock: String) async throws(SystemError) -> FileLock? {
        let deadline = ContinuousClock.now + blink
        repeat {
            if let held = try FileLock.tryLock(lock) {
                held.write("\(getpid())\n")
                return held
            }
            await wait(pause)
        } while ContinuousClock.now < deadline
        return nil
    }

    /// The id of the process that holds a lock; nil while nobody does, and for the moment in which its holder has not said so yet.
    package static func holder(of lock: String) -> Int32? {
        Holder(of: lock)?.processID
    }

    /// Asks the holder of a lock to end, and ends it when it has not after `grace`. Returns when nobody holds the lock any more, or when for twice
    /// as long nobody could be found who does.
    package static func end(holderOf lock: String, grace: Duration) async {
        let start = ContinuousClock.now
        var asked: Int32?
        while FileLock.isHeld(lock) {
            let waited = ContinuousClock.now - start
            if let holder = Holder(of: lock) {
                // Another one may have come in its place.
                if holder.processID != asked {
                    holder.send(SIGTERM)
                } else if waited > grace {
                    holder.send(SIGKILL)
                }
                asked = holder.processID
            } else if waited > grace * 2 {
                return
            }
            // Shutting down goes on when the task that asked for it is cancelled: a plain wait, not Task.sleep.
            await wait(pause)
        }
    }

    private static func wait(_ duration: Duration) async {
        await withCheckedContinuation { continuation in
            Thread.detach {
                poll(nil, 0, Int32(duration.wholeMilliseconds))
                continuation.resume()
            }
        }
    }
}

/// A process that has a lock's file open. Its number is nobody else's while this lives.
private final class Holder {
    let processID: Int32
    /// -1 where the system has no such descriptors.
    private let descriptor: Int32

    /// Nil when the file is not locked, or does not name a process that has it open: the name may be that of an earlier holder, and the number by
    /// now that of a process that has nothing to do with it.
    init?(of lock: String) {
        guard FileLock.isHeld(lock), let text = try? String(contentsOf: URL(filePath: lock), encoding: .utf8),
            let processID = Int32(text.split(separator: "\n").first ?? ""), processID > 0
        else { return nil }
        self.processID = processID
        descriptor = clinux_pidfd_open(processID)
        guard Holder.hasOpen(lock, processID) else { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func send(_ signal: Int32) {
        if descriptor >= 0 {
            _ = clinux_pidfd_send_signal(descriptor, signal)
        } else {
            kill(processID, signal)
        }
    }

    private static func hasOpen(_ path: String, _ processID: Int32) -> Bool {
        var (wanted, found) = (stat(), stat())
        let folder = "/proc/\(processID)/fd"
        guard stat(path, &wanted) == 0,
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
        else { return false }
        return names.contains { name in
            stat("\(folder)/\(name)", &found) == 0 && found.st_ino == wanted.st_ino
                && found.st_dev == wanted.st_dev
        }
    }
}
