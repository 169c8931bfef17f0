internal import FoundationEssentials
internal import Glibc
internal import Runtime

/// The process that holds a lock file.
package enum ProcessID {
    /// The id that the holder of the lock wrote into it; nil while nobody holds it.
    package static func holder(of lock: String) -> Int32? {
        guard FileLock.isHeld(lock), let text = try? String(contentsOf: URL(filePath: lock), encoding: .utf8)
        else {
            return nil
        }
        return Int32(text.split(separator: "\n").first ?? "")
    }

    /// Asks the holder of a lock to end, and ends it when it has not after `grace`. Returns when nobody holds the lock any more.
    package static func end(holderOf lock: String, grace: Duration) async {
        let deadline = ContinuousClock.now + grace
        var isAsked = false
        while let processID = holder(of: lock) {
            if !isAsked {
                kill(processID, SIGTERM)
                isAsked = true
            } else if ContinuousClock.now > deadline {
                kill(processID, SIGKILL)
            }
            // Shutting down goes on when the task that asked for it is cancelled: a plain wait, not Task.sleep.
            await pause(.milliseconds(10))
        }
    }

    private static func pause(_ duration: Duration) async {
        await withCheckedContinuation { continuation in
            Thread.detach {
                poll(nil, 0, Int32(duration.wholeMilliseconds))
                continuation.resume()
            }
        }
    }
}
