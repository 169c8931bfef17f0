internal import Descriptors
internal import Detection
internal import Digests
internal import Events
internal import Runtime
internal import ServiceLoop

/// What the analyzer wants done.
package enum AnalyzerEffect: Equatable, Sendable {
    /// Try to have a notice taken, and report how that went.
    case deliver(Delivery)
    /// Nobody was told, and nobody will be: say so where somebody looks.
    case reportUndelivered(Delivery, reason: String)
}

/// What is reported to the analyzer.
package enum AnalyzerSignal: Equatable, Sendable {
    case delivered(String)
    case notDelivered(String, reason: String, isTransient: Bool)
}

/// When an alarm is raised and when it is over, and who is told of it. Pure.
///
/// An alarm is published first. Its notices follow from the state that was committed with it, so that no team hears of an alarm that does not exist,
/// and each hears of every one that does.
struct AnalyzerRules {
    typealias Step = Decision<SeriesWatch, AnalyzerEffect>

    /// A try that has not reported after this long is lost: longer than any channel takes.
    static let tryLimit = Duration.seconds(60)
    /// The waits between tries, each up to half shorter.
    static let backoff = Backoff(first: .seconds(1), most: .seconds(300))

    /// How long a notice that is not taken is tried again.
    var giveUpAfter: Duration

    func decide(
        _ input: Input<AnalyzerSignal>, state: SeriesWatch?, now: Timestamp
    ) throws -> Step {
        var draft = Draft(watch: state ?? SeriesWatch(), now: now)
        switch input {
        case .event(let event) where event.type == ResultComputed.type:
            judge(try event.payload(as: ResultComputed.self), &draft)
        case .event: break
        case .restored: tell(&draft, isRestored: true)
        case .wake: tell(&draft, isRestored: false)
        case .signal(.delivered(let id)): draft.watch.deliveries.removeAll { $0.id == id }
        case .signal(.notDelivered(let id, let reason, let isTransient)):
            notDelivered(id, because: reason, isTransient: isTransient, &draft)
        }
        return draft.step
    }

    /// A decision in the making.
    private struct Draft {
        var watch: SeriesWatch
        let now: Timestamp
        var effects: [AnalyzerEffect] = []
        var events: [OutgoingEvent] = []

        var step: Step {
            var watch = watch
            watch.prune()
            let wake = watch.heads.map { watch.deliveries[$0].next }.min()
            return Step(state: watch.isEmpty ? nil : watch, effects: effects, events: events, wake: wake)
        }

        /// Takes in how an alarm is now, and publishes it.
        mutating func publish(_ alarm: Alarm, as name: String) {
            watch.update(alarm)
            events.append(OutgoingEvent(AlarmChanged(alarm: alarm), name: "alarm/\(alarm.id)/\(name)"))
        }

        /// Lets a notice go that nobody took, and says so on the alarm.
        mutating func giveUp(_ delivery: Delivery, because reason: String) {
            watch.deliveries.removeAll { $0.id == delivery.id }
            effects.append(.reportUndelivered(delivery, reason: reason))
            // The alarm as it is now: it may have been resolved since.
            guard var alarm = watch.alarms.first(where: { $0.id == delivery.alarm.id }) else { return }
            alarm.problems.append(Wording.undelivered(delivery, because: reason))
            publish(alarm, as: "undelivered/\(delivery.id)")
        }
    }
}

// Judging results.
extension AnalyzerRules {
    private func judge(_ result: ResultComputed, _ draft: inout Draft) {
        let rules = result.rules.filter(\.isThreshold).merged
        // What is not valid says nothing, neither that it is bad nor that it is fine.
        guard result.isValid, let samples = Samples(result.samples),
            !draft.watch.judged.contains(result.run), !rules.isEmpty || !draft.watch.alarms.isEmpty
        else { return }
        draft.watch.noteJudged(result.run)
        let open = draft.watch.alarms.filter { $0.state != .resolved }
        for alarm in open where !rules.contains(where: { $0.isSameThreshold(as: alarm.rule) }) {
            change(alarm.resolved(by: result, saying: Wording.unwatched(alarm)), alarm.rule.notify, &draft)
        }
        for rule in rules {
            guard let alarm = alarm(of: rule, after: result, samples, draft.watch) else { continue }
            change(alarm, rule.notify, &draft)
        }
    }

    /// How the alarm of one rule is after a valid result; nil when that changes nothing.
    private func alarm(
        of rule: AlarmRule, after result: ResultComputed, _ samples: Samples, _ watch: SeriesWatch
    ) -> Alarm? {
        let threshold = Threshold(above: rule.above, below: rule.below, statistic: rule.statistic.detection)
        switch (threshold.crossing(by: samples), watch.openAlarm(of: rule)) {
        case (let crossing?, nil):
            return Alarm(
                id: AnalyzerRules.alarmID(rule, result), series: result.series, rule: rule, state: .open,
                message: Wording.raised(crossing, result, rule), run: result.run, value: crossing.value,
                opened: result.finished)
        case (nil, let alarm?):
            let value = threshold.statistic.value(of: samples)
            return alarm.resolved(by: result, saying: Wording.recovered(value, result, rule))
        case (_?, _?), (nil, nil):
            return nil
        }
    }

    /// Publishes an alarm that changed, and puts its notices in line.
    private func change(_ alarm: Alarm, _ channels: [String], _ draft: inout Draft) {
        draft.publish(alarm, as: alarm.state.rawValue)
        for channel in channels {
            let id = AnalyzerRules.shortDigest([alarm.id, alarm.state.rawValue, channel])
            draft.watch.deliveries.append(
                Delivery(id: id, channel: channel, alarm: alarm, since: draft.now))
        }
        let excess = draft.watch.deliveries.count - SeriesWatch.deliveryLimit
        for delivery in draft.watch.deliveries.prefix(max(0, excess)) {
            // Whoever has not taken fifty will not miss the first.
            draft.giveUp(delivery, because: "more than \(SeriesWatch.deliveryLimit) notices waited")
        }
    }

    private static func alarmID(_ rule: AlarmRule, _ result: ResultComputed) -> String {
        shortDigest([
            result.series.id, rule.metric, rule.above.map { "\($0)" } ?? "",
            rule.below.map { "\($0)" } ?? "", rule.statistic.rawValue, rule.severity.rawValue, result.run,
        ])
    }

    /// Sixteen hexadecimal digits that follow from `parts`.
    private static func shortDigest(_ parts: [String]) -> String {
        // A character that is in no part keeps ("a", "bc") and ("ab", "c") apart.
        String(Digest.of(parts.joined(separator: "\u{1f}")).hexadecimal.prefix(16))
    }
}

// Telling teams.
extension AnalyzerRules {
    /// Starts whatever is due.
    private func tell(_ draft: inout Draft, isRestored: Bool) {
        for index in draft.watch.heads {
            var delivery = draft.watch.deliveries[index]
            // A try that was under way when this instance took over is nobody's any more.
            let isLost = isRestored && delivery.isUnderWay
            guard delivery.next <= draft.now || isLost else { continue }
            delivery.isUnderWay = true
            delivery.tries += 1
            delivery.next = draft.now + AnalyzerRules.tryLimit
            draft.watch.deliveries[index] = delivery
            draft.effects.append(.deliver(delivery))
        }
    }

    private func notDelivered(
        _ id: String, because reason: String, isTransient: Bool, _ draft: inout Draft
    ) {
        guard let index = draft.watch.deliveries.firstIndex(where: { $0.id == id }) else { return }
        let delivery = draft.watch.deliveries[index]
        guard isTransient, draft.now < delivery.since + giveUpAfter else {
            return draft.giveUp(delivery, because: reason)
        }
        draft.watch.deliveries[index].isUnderWay = false
        draft.watch.deliveries[index].next = draft.now + AnalyzerRules.wait(after: delivery)
    }

    /// Waits of many series spread, and the same decision taken again waits as long.
    private static func wait(after delivery: Delivery) -> Duration {
        var generator = SplitMix64(
            seed: delivery.id.utf8.reduce(UInt64(delivery.tries)) { $0 &* 31 &+ UInt64($1) })
        return backoff.delay(after: delivery.tries, using: &generator)
    }
}

extension SeriesWatch {
    /// The places of the first delivery of each channel: what comes after it waits, so that nobody hears of an alarm's end before its beginning.
    var heads: [Int] {
        var seen: Set<String> = []
        return deliveries.indices.filter { seen.insert(deliveries[$0].channel).inserted }
    }
}

extension [AlarmRule] {
    /// Each threshold once, with everybody whom any of its rules notifies, once.
    var merged: [AlarmRule] {
        var rules: [AlarmRule] = []
        for rule in self {
            if let index = rules.firstIndex(where: { $0.isSameThreshold(as: rule) }) {
                rules[index].notify += rule.notify
            } else {
                rules.append(rule)
            }
        }
        for index in rules.indices {
            var seen: Set<String> = []
            rules[index].notify.removeAll { !seen.insert($0).inserted }
        }
        return rules
    }
}

extension Alarm {
    func resolved(by result: ResultComputed, saying message: String) -> Alarm {
        var alarm = self
        alarm.state = .resolved
        alarm.message = message
        alarm.resolvedBy = result.run
        alarm.resolved = result.finished
        return alarm
    }
}

extension Descriptor.Statistic {
    var detection: Statistic {
        switch self {
        case .median: .median
        case .mean: .mean
        case .min: .minimum
        case .max: .maximum
        case .last: .last
        }
    }
}
