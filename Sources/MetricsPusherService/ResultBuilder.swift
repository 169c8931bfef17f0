internal import Descriptors
internal import Detection
internal import Events
internal import JSON
internal import MetricStore
internal import Runtime

/// Makes a run's results of its points. Pure.
///
/// One sample for each measured attempt: the median of the attempt's points of the metric. Points of one process are not independent of each other,
/// attempts are (docs/decisions/004-samples.md).
struct ResultBuilder {
    let run: String
    let request: CollectionRequested
    let streams: Streams
    let measurements: Measurements

    private var descriptor: Descriptor { request.run.descriptor }
    private var measured: [AttemptFinished] { request.measured }

    /// Everything that follows from the run.
    var report: CollectionReport {
        let general = runProblems
        let results = measurements.gathered.sorted { $0.key < $1.key }.compactMap { quantity, gathered in
            result(quantity, gathered, general: general)
        }
        let own = results.flatMap { result in
            result.problems.filter { !general.contains($0) }
        }
        return CollectionReport(
            results: results,
            collected: RunCollected(
                metricCount: streams.count(.metrics, of: measured),
                logCount: streams.count(.lines, of: measured), resultCount: results.count,
                problems: general + own + neverSeen, warnings: warnings))
    }

    private func result(
        _ quantity: Measurements.Quantity, _ gathered: Measurements.Gathered, general: [String]
    ) -> ResultComputed? {
        let medians = measured.compactMap { attempt in
            gathered.values[attempt.attempt.number].flatMap { Samples($0)?.median }
        }
        // A quantity without a single finite value has no numbers to publish; the run says so.
        guard let samples = Samples(medians) else { return nil }
        let declared = descriptor.declaredMetrics[quantity.metric]
        let problems = general + metricProblems(quantity, gathered)
        return ResultComputed(
            run: run, series: series(quantity, gathered), direction: declared?.direction ?? .none,
            samples: samples.values, median: samples.median, mean: samples.mean,
            interval: samples.interval.map {
                ConfidenceInterval(low: $0.low, high: $0.high, confidence: $0.confidence)
            },
            minimum: samples.minimum, maximum: samples.maximum, pointCount: gathered.pointCount,
            isValid: problems.isEmpty, problems: problems, warnings: warnings,
            finished: measured.map(\.outcome.finished).max() ?? request.run.submitted,
            rules: descriptor.alarms.filter { $0.metric == quantity.metric }, labels: descriptor.info.labels)
    }

    private func series(
        _ quantity: Measurements.Quantity, _ gathered: Measurements.Gathered
    ) -> SeriesKey {
        var labels = descriptor.info.labels
        labels.merge(request.run.parameters.mapValues(\.plainText)) { $1 }
        labels.merge(quantity.labels) { $1 }
        return SeriesKey(
            benchmark: request.run.name, metric: quantity.metric, unit: unit(quantity, gathered),
            fingerprint: fingerprints.first?.digest ?? "", labels: labels)
    }

    /// The descriptor's word, else the only unit that was reported.
    private func unit(_ quantity: Measurements.Quantity, _ gathered: Measurements.Gathered) -> String? {
        if let units = descriptor.declaredMetrics[quantity.metric]?.units, !units.isEmpty { return units }
        return gathered.units.min()
    }

    private var fingerprints: [Fingerprint] {
        measured.map {
            Fingerprint(
                environment: $0.outcome.environment, image: descriptor.env.dockerImage,
                contents: request.contents)
        }
    }
}

// Why numbers are not valid, and why to look at them twice.
extension ResultBuilder {
    /// What concerns every metric of the run.
    private var runProblems: [String] {
        var problems = request.problems
        for attempt in measured {
            let number = attempt.attempt.number
            let missing = streams.missing(.metrics, of: attempt)
            if missing > 0 {
                let all = streams.count(.metrics, of: [attempt]) + missing
                problems.append("attempt \(number): \(missing) of \(all) metric points never arrived")
            }
            let dropped = streams.dropped(by: attempt)
            if dropped > 0 {
                problems.append(
                    "attempt \(number): the client library dropped \(dropped) metric "
                        + (dropped == 1 ? "point" : "points"))
            }
        }
        return problems + mixedEnvironments
    }

    /// Attempts that ran under different circumstances are no samples of one quantity.
    private var mixedEnvironments: [String] {
        let all = Array(zip(measured, fingerprints))
        guard let first = all.first else { return [] }
        return all.dropFirst().compactMap { attempt, fingerprint in
            let difference = first.1.difference(from: fingerprint)
            if difference.isEmpty { return nil }
            return "attempts \(first.0.attempt.number) and \(attempt.attempt.number) ran in different "
                + "environments: \(difference.joined(separator: ", "))"
        }
    }

    private func metricProblems(
        _ quantity: Measurements.Quantity, _ gathered: Measurements.Gathered
    ) -> [String] {
        let metric = quantity.metric
        var problems: [String] = []
        let without = measured.map(\.attempt.number).filter { gathered.values[$0] == nil }
        if !without.isEmpty {
            let numbers = without.map(String.init).joined(separator: ", ")
            problems.append(
                "\(metric): attempt\(without.count == 1 ? "" : "s") \(numbers) reported no value of it")
        }
        if gathered.unusable > 0 {
            problems.append("\(metric): \(gathered.unusable) of its values are not finite numbers")
        }
        return problems + unitProblems(quantity, gathered)
    }

    private func unitProblems(
        _ quantity: Measurements.Quantity, _ gathered: Measurements.Gathered
    ) -> [String] {
        let declared = descriptor.declaredMetrics[quantity.metric]?.units ?? ""
        let units = gathered.units.sorted()
        if !declared.isEmpty {
            return units.filter { $0 != declared }.map {
                "\(quantity.metric): declared in \(declared), reported in \($0)"
            }
        }
        if units.count < 2 { return [] }
        return ["\(quantity.metric): reported in several units: \(units.joined(separator: ", "))"]
    }

    /// Metrics that the descriptor promises and nothing usable came of. Without a measured attempt nothing could.
    private var neverSeen: [String] {
        if measured.isEmpty { return [] }
        let seen = Dictionary(grouping: measurements.gathered, by: \.key.metric)
        var problems: [String] = []
        for metric in descriptor.output?.metrics ?? [] where seen[metric.name] == nil {
            let hint = metric.pattern == nil ? "" : ": no line of its output matched the pattern"
            problems.append("\(metric.name): declared in [[output.metrics]], but never reported\(hint)")
        }
        for (name, quantities) in seen.sorted(by: { $0.key < $1.key })
        where quantities.allSatisfy({ $0.value.values.isEmpty }) {
            problems.append("\(name): none of its values is a finite number")
        }
        return problems
    }

    private var warnings: [String] {
        var warnings: [String] = []
        let repeats = descriptor.run.repeats
        if request.problems.isEmpty, measured.count < repeats {
            warnings.append("\(measured.count) of \(repeats) repeats count: the others were disturbed")
        }
        for attempt in measured {
            let number = attempt.attempt.number
            warnings += attempt.outcome.disturbances.map { "attempt \(number): \($0)" }
            let missing = streams.missing(.lines, of: attempt)
            if missing > 0 { warnings.append("attempt \(number): \(missing) log lines never arrived") }
        }
        return warnings
    }
}

extension JSONValue {
    /// As a label's value: text without quotes.
    fileprivate var plainText: String {
        if case .string(let text) = self { return text }
        // A tree of JSON values always has a text.
        return (try? JSONCoding.text(self)) ?? ""
    }
}
