/// Where something leaves or enters this process; what Prometheus shows as the label `border`.
package enum Border: String, CaseIterable, Sendable {
    case log
    case httpIn = "http_in"
    case httpOut = "http_out"
}

/// How often each operation at each border was done, how long it took and how often it failed.
package final class Traffic: Sendable {
    /// This process's own, served at `/metrics`.
    package static let process = Traffic()

    /// Upper bounds of the histograms' buckets in seconds: from a commit on a fast disk to a deadline.
    static let bounds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    private struct Operation: Hashable {
        var border: Border
        var name: String
    }

    private struct Tally {
        /// Not summed up: the last is for what took longer than all bounds.
        var buckets = [Int](repeating: 0, count: Traffic.bounds.count + 1)
        var seconds = 0.0
        var failures = 0

        mutating func add(_ seconds: Double, in bucket: Int, failed: Bool) {
            buckets[bucket] += 1
            self.seconds += seconds
            if failed { failures += 1 }
        }
    }

    private let tallies = Locked<[Operation: Tally]>([:])

    package init() {}

    /// Counts one operation. Names come from code and routes, never from users: each is a time series of its own.
    package func count(_ border: Border, _ operation: String, took duration: Duration, failed: Bool = false) {
        let seconds = duration.inSeconds
        let bucket = Traffic.bounds.firstIndex { seconds <= $0 } ?? Traffic.bounds.count
        tallies.withLock {
            $0[Operation(border: border, name: operation), default: Tally()]
                .add(seconds, in: bucket, failed: failed)
        }
    }

    /// Does `body` and counts it; what it throws counts as a failure.
    package func measure<Result, Failure: Error>(
        _ border: Border, _ operation: String, _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let start = ContinuousClock.now
        do {
            let result = try await body()
            count(border, operation, took: start.duration(to: .now))
            return result
        } catch {
            count(border, operation, took: start.duration(to: .now), failed: true)
            throw error
        }
    }

    /// A histogram and a counter of failures, in the text format that Prometheus reads.
    package var text: String {
        let rows = tallies.withLock { $0 }.map { operation, tally in
            ("border=\"\(operation.border.rawValue)\",operation=\"\(operation.name)\"", tally)
        }.sorted { $0.0 < $1.0 }
        if rows.isEmpty { return "" }
        return """
            # HELP bai_border_seconds How long operations at the borders of the process took.
            # TYPE bai_border_seconds histogram
            \(rows.map(Traffic.histogram).joined())\
            # HELP bai_border_failures_total Operations at the borders of the process that failed.
            # TYPE bai_border_failures_total counter
            \(rows.map { "bai_border_failures_total{\($0)} \($1.failures)\n" }.joined())
            """
    }

    private static func histogram(_ labels: String, _ tally: Tally) -> String {
        var text = ""
        var count = 0
        for (bound, bucket) in zip(bounds.map { "\($0)" } + ["+Inf"], tally.buckets) {
            count += bucket
            text += "bai_border_seconds_bucket{\(labels),le=\"\(bound)\"} \(count)\n"
        }
        return text + "bai_border_seconds_sum{\(labels)} \(tally.seconds)\n"
            + "bai_border_seconds_count{\(labels)} \(count)\n"
    }
}
