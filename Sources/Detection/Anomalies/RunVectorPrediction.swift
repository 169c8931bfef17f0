/// What the metrics of the next run may give together if nothing has changed: a run may be unusual in what no metric shows by itself, such as two that
/// have always moved together and now do not.
///
/// Each metric counts in robust deviations from the middle of its newest level. How these depend on each other is learned from the newest runs
/// (`SharedNoise`), and says how far off a run is: the distance of Mahalanobis. How far off runs usually are is learned as well, from the same runs,
/// each held against the others: the F distribution of Hotelling is right for normal noise alone, and calls far too many runs anomalies where the metrics
/// have heavy tails together.
package struct RunVectorPrediction: Sendable {
    /// Metrics of which nothing can be said, by their place: too few runs in the newest level.
    package let unknown: [Int]

    private let predictions: [RunPrediction?]
    /// The places of the metrics that vary, in the order of the noise.
    private let varying: [Int]
    private let noise: SharedNoise?

    /// When what is left of a run is as likely as this, no more of its metrics are named.
    private static let unremarkable = 0.05

    /// - Parameter histories: of each metric, aligned so that the last places are the same run; nil, or what is no finite number, stands for a run
    ///   without a value.
    package init(after histories: [[Double?]]) {
        let predictions = histories.map { RunPrediction(after: $0) }
        self.predictions = predictions
        unknown = predictions.indices.filter { predictions[$0] == nil }
        let varying = predictions.indices.filter { predictions[$0]?.hasMoved ?? false }
        self.varying = varying
        noise = SharedNoise(
            varying.map { place in
                RunVectorPrediction.deviations(of: histories[place], by: predictions[place])
            })
    }

    /// Of the newest runs of the newest level; nil before it, and for a run without a value.
    private static func deviations(of history: [Double?], by prediction: RunPrediction?) -> [Double?] {
        guard let prediction else { return [] }
        let newest = (0..<RunPrediction.most).map { history.count - RunPrediction.most + $0 }
        return newest.map { run in
            run >= prediction.levelBegins ? history[run].flatMap { prediction.deviations(of: $0) } : nil
        }
    }

    /// A metric that took part in an anomaly.
    package struct Contribution: Equatable, Sendable {
        /// The metric's place.
        package var metric: Int
        /// How many robust deviations it is off; infinite where a metric moved that never had.
        package var deviations: Double
        /// How much of the squared distance goes with it, 1 being all of it.
        package var share: Double
    }

    /// What a run's metrics say together.
    package struct Verdict: Equatable, Sendable {
        /// How likely a run is at least as far off: below the false-alarm rate it is an anomaly. 0 where a metric moved that never had.
        package var pValue: Double
        /// The metrics without which the run is unremarkable, the one that says most first; none where it is so with all of them.
        package var contributions: [Contribution]
    }

    /// Judges a run by its metrics' values, in the order of the histories; nil where nothing can be said.
    ///
    /// A metric without a value, nil or no finite number, counts as being in its middle.
    package func verdict(of run: [Double?]) -> Verdict? {
        let deviations = predictions.indices.map { place in
            place < run.count ? run[place].flatMap { predictions[place]?.deviations(of: $0) } : nil
        }
        guard deviations.contains(where: { $0 != nil }) else { return nil }
        let moved = deviations.indices.compactMap { place in
            deviations[place].flatMap {
                $0.isInfinite ? Contribution(metric: place, deviations: $0, share: 1) : nil
            }
        }
        var verdict = Verdict(pValue: moved.isEmpty ? 1 : 0, contributions: moved)
        guard let noise else { return verdict }
        var distance = noise.distance(of: varying.map { deviations[$0] ?? 0 })
        if moved.isEmpty { verdict.pValue = noise.pValue(of: distance) }
        let whole = distance.square
        // One metric after the other goes, each time the one without which the rest is least far off.
        while noise.pValue(of: distance) < RunVectorPrediction.unremarkable,
            let out = distance.removeLargest()
        {
            verdict.contributions.append(
                Contribution(metric: varying[out.metric], deviations: out.value, share: out.square / whole))
        }
        return verdict
    }
}
