package import Events
package import Notification
package import Runtime
package import ServiceLoop

/// Judges results, raises and resolves alarms, and tells teams of them.
///
/// It knows fixed thresholds (`above`, `below`). A rule's `regression` travels with its results; change points are not judged yet.
package struct Analyzer: Subject {
    package typealias State = SeriesWatch
    package typealias Effect = AnalyzerEffect
    package typealias Signal = AnalyzerSignal

    /// Has a notice taken by the channel that a descriptor's word names.
    typealias Delivering = @Sendable (AlarmNotice, String) async throws(NotificationError) -> Void

    package let name = "analyzer"
    package let inputs: [Topic] = [.results]
    /// Its keys are series.
    package let endsRunsOnFailure = false

    private let rules: AnalyzerRules
    private let deliver: Delivering
    private let output: StructuredLog
    private let work = BackgroundWork()

    package init(
        channels: NotificationChannels, giveUpAfter: Duration = NotificationSettings.usualPatience,
        output: StructuredLog = StructuredLog(service: "bai-analyzer")
    ) {
        self.init(giveUpAfter: giveUpAfter, output: output) { notice, word throws(NotificationError) in
            try await channels.deliver(notice, to: word)
        }
    }

    init(giveUpAfter: Duration, output: StructuredLog, deliver: @escaping Delivering) {
        rules = AnalyzerRules(giveUpAfter: giveUpAfter)
        self.output = output
        self.deliver = deliver
    }

    package func decide(
        _ input: Input<AnalyzerSignal>, key: String, state: SeriesWatch?, now: Timestamp
    ) throws -> Decision<SeriesWatch, AnalyzerEffect> {
        try rules.decide(input, state: state, now: now)
    }

    package func perform(
        _ effects: [KeyedEffect<AnalyzerEffect>], signals: Signals<AnalyzerSignal>
    ) async throws {
        for effect in effects {
            switch effect.effect {
            case .deliver(let delivery): start(delivery, series: effect.key, signals: signals)
            case .reportUndelivered(let delivery, let reason):
                output.warning(
                    "nobody was told of an alarm",
                    [
                        "alarm.id": delivery.alarm.id, "channel": delivery.channel,
                        "delivery.id": delivery.id,
                        "error": reason, "run.id": delivery.alarm.run, "tries": "\(delivery.tries)",
                    ])
            }
        }
    }

    private func start(_ delivery: Delivery, series: String, signals: Signals<AnalyzerSignal>) {
        let deliver = deliver
        // One line of work for each series and channel: a receiver that is down holds up nobody else.
        let key = Analyzer.workKey(series, delivery.channel)
        work.cancel(key)
        work.start(key) {
            do throws(NotificationError) {
                try await deliver(AlarmNotice(id: delivery.id, alarm: delivery.alarm), delivery.channel)
                signals.send(.delivered(delivery.id), for: series)
            } catch {
                // Whoever cancelled it has the series now, or starts it again.
                if error.code == .canceled { return }
                signals.send(
                    .notDelivered(delivery.id, reason: error.message, isTransient: error.isTransient),
                    for: series)
            }
        }
    }

    package func release(_ keys: [String]) async {
        let released = Set(keys)
        for key in work.keys where released.contains(Analyzer.series(ofWork: key)) { work.cancel(key) }
    }

    private static func workKey(_ series: String, _ channel: String) -> String { "\(series) \(channel)" }

    private static func series(ofWork key: String) -> String { String(key.prefix { $0 != " " }) }
}
