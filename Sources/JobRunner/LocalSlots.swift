internal import Events
internal import FoundationEssentials
internal import Runtime

/// The slots of this machine, each a lock on a file `<number>.lock` of one folder, shared by every program that uses the folder.
package final class LocalSlots: SlotPool {
    private struct Waiter {
        var id: Int
        var holder: String
        var wake: CheckedContinuation<Slot, any Error>
    }

    private struct State {
        var waiters: [Waiter] = []
        /// The slots that a thread waits for.
        var awaited: Set<Int> = []
        /// Who was cancelled before it came to wait.
        var cancelled: Set<Int> = []
        var nextID = 0
    }

    private let folder: String
    private let count: Int
    private let state = Locked(State())

    /// - Parameter count: how many benchmarks may run at once. One, unless the installation says otherwise: neighbours disturb a measurement.
    package init(folder: String, count: Int = 1) {
        precondition(count > 0, "without a slot no benchmark could ever run")
        self.folder = folder
        self.count = count
    }

    /// How many wait for a slot through this pool.
    package var waiting: Int { state.withLock { $0.waiters.count } }

    package func tryTake(for holder: String) throws(JobRunnerError) -> Slot? {
        // Whoever waits has asked before.
        guard state.withLock({ $0.waiters.isEmpty }) else { return nil }
        try makeFolder()
        for number in 0..<count {
            do throws(SystemError) {
                if let lock = try FileLock.tryLock(path(number)) { return slot(number, lock, for: holder) }
            } catch {
                throw LocalSlots.failure(error)
            }
        }
        return nil
    }

    package func take(for holder: String) async throws -> Slot {
        if let slot = try tryTake(for: holder) { return slot }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wake in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.waiters.append(Waiter(id: id, holder: holder, wake: wake))
                    return false
                }
                if isCancelled { wake.resume(throwing: CancellationError()) } else { awaitSlots() }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            if let index = state.waiters.firstIndex(where: { $0.id == id }) {
                return state.waiters.remove(at: index)
            }
            state.cancelled.insert(id)
            return nil
        }
        waiter?.wake.resume(throwing: CancellationError())
    }

    /// Has a thread wait for each slot: the kernel wakes it when the last holder lets go, with no polling, and serves several programs in turn.
    private func awaitSlots() {
        let missing = state.withLock { state in
            let missing = (0..<count).filter { !state.awaited.contains($0) }
            state.awaited.formUnion(missing)
            return missing
        }
        for number in missing { Thread.detach { self.handOut(number) } }
    }

    /// Gives the slot to one waiter after the other, until nobody waits any more.
    private func handOut(_ number: Int) {
        while true {
            let taken = Result { () throws(SystemError) in try FileLock.lock(path(number)) }
            let (waiter, isLast) = state.withLock { state in
                let waiter = state.waiters.isEmpty ? nil : state.waiters.removeFirst()
                if state.waiters.isEmpty { state.awaited.remove(number) }
                return (waiter, state.waiters.isEmpty)
            }
            switch taken {
            case .success(let lock):
                if let waiter { waiter.wake.resume(returning: slot(number, lock, for: waiter.holder)) }
            case .failure(let error): waiter?.wake.resume(throwing: LocalSlots.failure(error))
            }
            if isLast { return }
        }
    }

    private func slot(_ number: Int, _ lock: FileLock, for holder: String) -> Slot {
        lock.write("\(holder)\n")
        return Slot(number: number, lock: lock)
    }

    private func path(_ number: Int) -> String { "\(folder)/\(number).lock" }

    private func makeFolder() throws(JobRunnerError) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw JobRunnerError(
                .startFailed, "cannot make the folder of slots \(folder): \(error)", isTransient: true)
        }
    }

    private static func failure(_ error: SystemError) -> JobRunnerError {
        JobRunnerError(.startFailed, "cannot take a slot: \(error)", isTransient: true)
    }
}
