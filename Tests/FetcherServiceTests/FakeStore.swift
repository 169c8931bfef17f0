import Digests
import ObjectStore
import Runtime

/// A store that has what a test says, when the test says so.
final class FakeStore: ObjectStore {
    private struct State {
        var fetched: [String] = []
        var left: [String] = []
        var failures: [String: [ObjectStoreError]] = [:]
        var isHeld = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextID = 0
    }

    private let state = Locked(State())

    /// What was asked for, in order, each try.
    var fetched: [String] { state.withLock { $0.fetched } }
    /// What was asked for by somebody who was gone before it came.
    var left: [String] { state.withLock { $0.left } }
    /// How many wait for their content now.
    var waiting: Int { state.withLock { $0.waiters.count } }

    /// Lets nothing come in until `open`.
    func hold() { state.withLock { $0.isHeld = true } }

    func open() {
        let waiters = state.withLock { state in
            state.isHeld = false
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The next fetches of `text` end so, one after the other.
    func fail(_ text: String, _ errors: ObjectStoreError...) {
        state.withLock { $0.failures[text, default: []] += errors }
    }

    static func object(_ text: String) -> StoredObject {
        StoredObject(kind: .file, sha256: Digest.of(text).hexadecimal, size: Int64(text.utf8.count))
    }

    func fetch(_ source: Source) async throws(ObjectStoreError) -> StoredObject {
        let failure = state.withLock { state -> ObjectStoreError? in
            state.fetched.append(source.text)
            return state.failures[source.text]?.isEmpty == false
                ? state.failures[source.text]?.removeFirst() : nil
        }
        if let failure { throw failure }
        await pass()
        if Task.isCancelled {
            state.withLock { $0.left.append(source.text) }
            throw ObjectStoreError(.canceled, "canceled")
        }
        return FakeStore.object(source.text)
    }

    func location(of object: StoredObject) async throws(ObjectStoreError) -> String {
        throw ObjectStoreError(.notFound, "the fetcher never asks where something is")
    }

    /// Waits until the store is open or the task is cancelled.
    private func pass() async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isFree = state.withLock { state in
                    if !state.isHeld || Task.isCancelled { return true }
                    state.waiters[id] = waiter
                    return false
                }
                if isFree { waiter.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
