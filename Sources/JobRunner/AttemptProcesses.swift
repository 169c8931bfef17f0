internal import CLinux
internal import Glibc
internal import Runtime

/// The processes of an attempt, when it is to be over with all of them.
package enum AttemptProcesses {
    /// The variable that marks every process of an attempt, unless it took pains to clean its environment.
    package static let mark = "BAI_ATTEMPT_ID"

    /// Kills everything that is left of an attempt whose supervisor is gone: the benchmark's process group, every process with the attempt's mark, and
    /// all that those have started.
    ///
    /// - Parameter leader: the benchmark's first process, where it is known.
    /// - Returns: whether nothing is left.
    @discardableResult
    package static func killLeftovers(of attemptID: String, leader: ProcessIdentity?) -> Bool {
        killAll { entries in
            let roots = entries.filter { entry in
                isLed(entry, by: leader)
                    || ProcessTable.environment(of: entry.processID, has: "\(mark)=\(attemptID)")
            }
            return roots + roots.flatMap { ProcessTable.descendants(of: $0.processID, in: entries) }
        }
    }

    /// Kills what `select` finds, again and again until it finds nothing that lives.
    ///
    /// - Parameter select: chooses from all processes of the machine.
    /// - Parameter reap: called after each round, for whoever has to wait for the dead.
    /// - Returns: whether nothing is left; false for a process that the kernel does not let go of.
    package static func killAll(
        reap: () -> Void = {}, _ select: ([ProcessTable.Entry]) -> [ProcessTable.Entry]
    ) -> Bool {
        let patience = ContinuousClock.now + .seconds(10)
        var pause: Int32 = 1
        while true {
            let found = freeze(select)
            for entry in found { signal(SIGKILL, to: entry) }
            reap()
            if found.isEmpty { return true }
            if ContinuousClock.now > patience { return false }
            poll(nil, 0, pause)
            pause = min(pause * 2, 100)
        }
    }

    /// Stops what `select` finds, until it finds nothing new: a process that starts others faster than they are killed is held first.
    private static func freeze(_ select: ([ProcessTable.Entry]) -> [ProcessTable.Entry]) -> [ProcessTable
        .Entry]
    {
        var frozen: [Int32: ProcessTable.Entry] = [:]
        // A bound: the caller comes again.
        for _ in 0..<20 {
            let own = getpid()
            let fresh = select(ProcessTable.all()).filter {
                !$0.isDead && $0.processID != own && $0.processID > 1 && frozen[$0.processID] == nil
            }
            if fresh.isEmpty { break }
            for entry in fresh {
                signal(SIGSTOP, to: entry)
                frozen[entry.processID] = entry
            }
        }
        return Array(frozen.values)
    }

    /// Signals exactly the process that was seen, not one that has its number by now.
    private static func signal(_ number: Int32, to entry: ProcessTable.Entry) {
        let descriptor = clinux_pidfd_open(entry.processID)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard ProcessTable.entry(entry.processID)?.startTicks == entry.startTicks else { return }
        _ = clinux_pidfd_send_signal(descriptor, number)
    }

    /// Whether the process is in the group that `leader` leads or led. A group keeps its number as long as it has a member, so a member
    /// that is younger than the leader belongs to this group and no other.
    private static func isLed(_ entry: ProcessTable.Entry, by leader: ProcessIdentity?) -> Bool {
        guard let leader, leader.boot == ProcessTable.boot, entry.group == leader.processID else {
            return false
        }
        // Where the number belongs to another process by now, so does the group.
        let holder = ProcessTable.entry(leader.processID)
        return (holder == nil || holder?.startTicks == leader.startTicks)
            && entry.startTicks >= leader.startTicks
    }
}
