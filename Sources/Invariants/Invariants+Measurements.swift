internal import Detection
internal import Descriptors
internal import Events
internal import MetricStore

extension Invariants {
    /// What the measured attempts of collected runs reported is stored once and whole, and the results follow from it.
    static func measurements(_ evidence: Evidence, _ history: LogHistory) -> [Violation] {
        history.runs.flatMap { run, told -> [Violation] in
            guard let request = told.request, let collected = told.collected.first, told.end != nil else {
                return []
            }
            let stored = evidence.stored[run] ?? StoredRun()
            let measured = request.accepted.filter {
                !$0.attempt.isWarmup && $0.outcome.status == .succeeded
            }
            // What never came is a problem that the run has told of: a number that is missing is not a number that is wrong.
            let isWhole = collected.problems.isEmpty
            var found = measured.flatMap { numbering($0, run, told, stored, isWhole: isWhole) }
            let counted = measured.reduce(0) { sum, attempt in
                sum + stored.points.count { $0.attempt == attempt.attempt.number }
            }
            if Int64(counted) != collected.metricCount {
                found.append(
                    Violation(
                        .measuredOnce, run, "\(counted) points are stored, \(collected.metricCount) were told"
                    ))
            }
            return found + results(run, told, measured, stored)
        }
    }

    private static func numbering(
        _ attempt: AttemptFinished, _ run: String, _ told: LogHistory.Run, _ stored: StoredRun, isWhole: Bool
    ) -> [Violation] {
        let number = attempt.attempt.number
        let name = "\(run)/\(number)"
        let points = stored.points.filter { $0.attempt == number }
        let lines = stored.lines.filter { $0.attempt == number }
        var found: [Violation] = []
        if isWhole {
            found += gaps(
                points.map { ($0.rank, $0.point.sequence) }, attempt.outcome.metricCount, "points", name)
            found += gaps(lines.map { ($0.rank, $0.line.sequence) }, attempt.outcome.logCount, "lines", name)
        }
        if points.contains(where: { !$0.isAccepted }) {
            found.append(Violation(.measuredOnce, name, "is accepted, but its points do not count"))
        }
        var published: [Int64: MetricPoint] = [:]
        for point in told.metrics.filter({ $0.attempt == number }).flatMap(\.points) {
            published[point.sequence] = published[point.sequence] ?? point
        }
        for point in points where published[point.point.sequence].map({ $0 != point.point }) ?? false {
            found.append(
                Violation(.measuredOnce, name, "point \(point.point.sequence) is stored with another value"))
        }
        return found
    }

    /// Whether the numbers of each rank are 1, 2, 3 … up to `count`.
    private static func gaps(
        _ numbers: [(rank: Int, sequence: Int64)], _ count: Int64?, _ what: String, _ name: String
    ) -> [Violation] {
        var found: [Violation] = []
        for (rank, items) in Dictionary(grouping: numbers, by: \.rank) {
            let sequences = items.map(\.sequence).sorted()
            if sequences != Array(1...max(1, Int64(sequences.count))) {
                found.append(
                    Violation(.measuredOnce, name, "\(what) of rank \(rank) are numbered \(sequences)"))
            }
        }
        if let count, Int64(numbers.count) != count {
            found.append(
                Violation(
                    .measuredOnce, name, "\(numbers.count) \(what) are stored, its agent counted \(count)"))
        }
        return found
    }

    private static func results(
        _ run: String, _ told: LogHistory.Run, _ measured: [AttemptFinished], _ stored: StoredRun
    ) -> [Violation] {
        var found: [Violation] = []
        for (series, results) in Dictionary(grouping: told.results, by: \.series.id) where results.count > 1 {
            found.append(Violation(.resultsFollow, "\(run) \(series)", "has \(results.count) results"))
        }
        let published = told.results.map(\.series.id).sorted()
        if stored.results.map(\.series.id).sorted() != published {
            found.append(
                Violation(.resultsFollow, run, "stored results are not the published ones, \(published)"))
        }
        for result in told.results {
            let labels = told.submission?.descriptor.output?.metrics.first {
                $0.name == result.series.metric
            }?.labels
            // Where labels tell series of one metric apart, the points of one are not all points of the metric.
            guard labels ?? [] == [] else { continue }
            let samples = samples(of: result.series.metric, measured, stored)
            if samples != result.samples {
                found.append(
                    Violation(
                        .resultsFollow, "\(run) \(result.series.metric)",
                        "has samples \(result.samples), but what is stored gives \(samples)"))
            }
        }
        return found
    }

    private static func samples(
        of metric: String, _ measured: [AttemptFinished], _ stored: StoredRun
    ) -> [Double] {
        measured.compactMap { attempt in
            let values = stored.points.filter {
                $0.attempt == attempt.attempt.number && $0.point.name == metric
            }
            return Samples(values.map(\.point.value).filter(\.isFinite))?.median
        }
    }
}
