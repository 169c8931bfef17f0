package import Events
internal import JobRunner
internal import JSON
internal import Kubernetes
internal import KubernetesObjects
internal import Runtime

/// Where pods that cannot reach the API deliver: the records that a sidecar prints are read through the API server and published.
///
/// Records have numbers, and whoever stores them takes each number once. So a log is read from its first line by whoever comes to watch the attempt, and
/// what another watcher has published before comes to nothing.
package final class PodRecords: Sendable {
    /// Publishes records of a run; they are durable when it returns.
    package typealias Publish = @Sendable (_ run: String, [DeliveredRecords.Record]) async throws -> Void

    private let client: KubernetesClient
    private let namespace: String
    private let publish: Publish
    private let time: any TimeSource
    private let output: StructuredLog
    /// By the pod's identifier: one reader each, however many observe the attempt.
    private let readers = Locked<[String: Task<Void, Never>]>([:])

    /// The sidecar.
    private static let container = "collect"

    init(
        _ client: KubernetesClient, namespace: String, time: any TimeSource, output: StructuredLog,
        publish: @escaping Publish
    ) {
        self.client = client
        self.namespace = namespace
        self.time = time
        self.output = output
        self.publish = publish
    }

    deinit { for reader in readers.withLock({ Array($0.values) }) { reader.cancel() } }

    /// Follows an attempt with its observations: reads its pods' records from when they run, and holds its end back until all of them are published.
    func holdingBack(
        _ observations: AsyncStream<JobObservation>, of attempt: AttemptReference,
        pods: @escaping @Sendable () -> [PodView]
    ) -> AsyncStream<JobObservation> {
        AsyncStream { continuation in
            let task = Task {
                var begun: Set<String> = []
                for await observation in observations {
                    let found = pods()
                    for pod in found where pod.isPrinting && begun.insert(pod.uid).inserted {
                        self.read(pod, of: attempt)
                    }
                    if case .finished = observation {
                        // A server prints until it is removed, which comes after this.
                        for pod in found where pod.role != .server { await self.untilRead(pod) }
                    }
                    continuation.yield(observation)
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func read(_ pod: PodView, of attempt: AttemptReference) {
        readers.withLock { readers in
            guard readers[pod.uid] == nil else { return }
            readers[pod.uid] = Task { [weak self] in
                await self?.follow(pod, of: attempt)
                _ = self?.readers.withLock { $0.removeValue(forKey: pod.uid) }
            }
        }
    }

    private func untilRead(_ pod: PodView) async {
        await readers.withLock { $0[pod.uid] }?.value
    }

    private func follow(_ pod: PodView, of attempt: AttemptReference) async {
        var follower = PodLogFollower(client, pod: pod.name, in: namespace, container: PodRecords.container)
        do {
            try await follower.run { line in
                guard
                    let record = try? DeliveredRecords.read(
                        printed: line.text, run: attempt.run, attempt: attempt.number)
                else { return }
                try await self.untilPublished(record, of: attempt)
            }
        } catch is CancellationError {
            return
        } catch {
            // What is missing is found by the numbers.
            output.warning(
                "a pod's records cannot be read to their end",
                ["run.id": attempt.run, "pod": pod.name, "error": String(describing: error)])
        }
    }

    private static let backoff = Backoff(first: .milliseconds(100), most: .seconds(10))

    /// The log of the installation may be away for a while; the pod's own keeps the rest so long.
    private func untilPublished(
        _ record: DeliveredRecords.Record, of attempt: AttemptReference
    ) async throws {
        var failures = 0
        while true {
            do {
                return try await publish(attempt.run, [record])
            } catch {
                failures += 1
                output.warning(
                    "a record cannot be published, trying again", ["error": String(describing: error)])
                try await time.sleep(for: PodRecords.backoff.delay(after: failures))
            }
        }
    }
}

extension PodView {
    /// Whether its sidecar has begun to print, or may have.
    fileprivate var isPrinting: Bool {
        containers.contains { $0.name == "collect" && $0.started != nil } || main?.started != nil
    }
}
