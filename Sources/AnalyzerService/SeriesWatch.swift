internal import Descriptors
package import Events
package import Runtime

/// What the analyzer has in hand for a series.
package struct SeriesWatch: Codable, Equatable, Sendable {
    /// The alarms that are open, and resolved ones that somebody has yet to be told of. Oldest first.
    package var alarms: [Alarm] = []
    /// Notices that have not been taken yet, oldest first.
    package var deliveries: [Delivery] = []
    /// The runs that were judged last, newest last: a result that comes again is not judged again.
    package var judged: [String] = []

    package init() {}

    /// A run's results come again soon or never.
    static let judgedLimit = 32
    /// More notices than this can wait only where nobody takes them.
    static let deliveryLimit = 50

    var isEmpty: Bool { alarms.isEmpty && deliveries.isEmpty && judged.isEmpty }

    /// The open alarm of a threshold.
    func openAlarm(of rule: AlarmRule) -> Alarm? {
        alarms.first { $0.state != .resolved && $0.rule.isSameThreshold(as: rule) }
    }

    /// Takes in how an alarm is now.
    mutating func update(_ alarm: Alarm) {
        if let index = alarms.firstIndex(where: { $0.id == alarm.id }) {
            alarms[index] = alarm
        } else {
            alarms.append(alarm)
        }
    }

    mutating func noteJudged(_ run: String) {
        judged = (judged + [run]).suffix(SeriesWatch.judgedLimit)
    }

    /// Lets go of resolved alarms of which everybody has been told.
    mutating func prune() {
        let awaited = Set(deliveries.map(\.alarm.id))
        alarms.removeAll { $0.state == .resolved && !awaited.contains($0.id) }
    }
}

/// A notice on its way to one channel.
package struct Delivery: Codable, Equatable, Sendable {
    /// Follows from the alarm, its state and the channel: the same for every try.
    package var id: String
    /// As the descriptor names it.
    package var channel: String
    /// As it was when it changed.
    package var alarm: Alarm
    package var since: Timestamp
    package var tries = 0
    /// When it is tried next; while a try is under way, when that is given up for lost.
    package var next: Timestamp
    package var isUnderWay = false

    package init(id: String, channel: String, alarm: Alarm, since: Timestamp) {
        self.id = id
        self.channel = channel
        self.alarm = alarm
        self.since = since
        next = since
    }

    private enum CodingKeys: String, CodingKey {
        case id, channel, alarm, since, tries, next
        case isUnderWay = "under_way"
    }
}

extension Descriptor.Alarm {
    /// Whether there is a fixed limit to judge by. `regression` alone is for the change points.
    var isThreshold: Bool { above != nil || below != nil }

    /// Whether an alarm of the one is an alarm of the other. Whom it notifies is not part of that: a team that adds a channel while an alarm is
    /// open is not alarmed again.
    func isSameThreshold(as other: Self) -> Bool {
        (metric, above, below, statistic, severity)
            == (other.metric, other.above, other.below, other.statistic, other.severity)
    }
}
