package import Runtime

/// A container's lines from the first to the last, each once, across streams that break.
///
/// The server can only go on from a whole second, so that the lines of that second come again; they are known by their times, and by how many
/// lines had the last time.
package struct PodLogFollower: Sendable {
    private let client: KubernetesClient
    private let pod: String
    private let namespace: String?
    private var options: PodLogOptions
    private let backoff: Backoff

    /// Where the reading is.
    private var lastTime = ""
    private var linesAtLastTime = 0

    package init(
        _ client: KubernetesClient, pod: String, in namespace: String?, container: String?,
        backoff: Backoff = Backoff(first: .milliseconds(200), most: .seconds(10))
    ) {
        self.client = client
        self.pod = pod
        self.namespace = namespace
        self.backoff = backoff
        options = PodLogOptions(container: container, follow: true)
    }

    /// Hands over every line until the container has ended and its last line was read. Streams that break for reasons that pass are opened again, at
    /// most `attempts` times in a row without a line.
    package mutating func run(
        attempts: Int = 8, _ handle: (PodLogLine) async throws -> Void
    ) async throws {
        var failures = 0
        while true {
            do {
                try await readOnce(&failures, handle)
                return
            } catch let error as KubernetesError {
                failures += 1
                guard error.isTransient, failures < attempts else { throw error }
                try await client.time.sleep(
                    for: max(backoff.delay(after: failures), error.retryAfter ?? .zero))
            }
        }
    }

    private mutating func readOnce(
        _ failures: inout Int, _ handle: (PodLogLine) async throws -> Void
    ) async throws {
        options.since = lastTime.isEmpty ? nil : Timestamp(kubernetesTime: lastTime)
        var lines = try await client.logs(ofPod: pod, in: namespace, options).makeAsyncIterator()
        var again = linesAtLastTime
        while let line = try await lines.next() {
            if line.time < lastTime { continue }
            if line.time == lastTime, again > 0 {
                again -= 1
                continue
            }
            linesAtLastTime = line.time == lastTime ? linesAtLastTime + 1 : 1
            lastTime = line.time
            failures = 0
            try await handle(line)
        }
    }
}
