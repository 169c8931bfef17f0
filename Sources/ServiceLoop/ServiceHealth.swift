package import Runtime

/// How a service is doing; written by its loop, read by its health endpoint.
package final class ServiceHealth: Sendable {
    /// What is known at one moment.
    package struct Snapshot: Sendable {
        package var service: String
        package var lastPoll: Timestamp?
        package var recordsHandled: Int
        package var recordsBuried: Int
        package var failures: Int
        /// Why work waits at this moment; nil when it does not.
        package var waitingFor: String?
        /// What of the log cannot be read, and what to do about it; everything else goes on.
        package var damage: [String] = []
    }

    private let state: Locked<Snapshot>

    package init(service: String) {
        state = Locked(
            Snapshot(
                service: service, lastPoll: nil, recordsHandled: 0, recordsBuried: 0, failures: 0,
                waitingFor: nil))
    }

    package var snapshot: Snapshot { state.withLock { $0 } }

    func polled(at time: Timestamp) {
        state.withLock { $0.lastPoll = time }
    }

    func handled(_ count: Int, at time: Timestamp) {
        state.withLock {
            $0.recordsHandled += count
            $0.waitingFor = nil
        }
    }

    func isDamaged(_ damage: [String]) {
        state.withLock { $0.damage = damage }
    }

    func failing(_ reason: String) {
        state.withLock {
            $0.failures += 1
            $0.waitingFor = reason
        }
    }

    func buried(_ reason: String, at time: Timestamp) {
        state.withLock {
            $0.recordsBuried += 1
            $0.waitingFor = nil
        }
    }
}
