internal import Events
internal import MessageLog

extension Invariants {
    /// No message is on the log twice; records that cannot be read, and no others, have been put aside.
    static func messages(_ history: LogHistory) -> [Violation] {
        var found: [Violation] = []
        let made = history.messages.filter { isMadeOnce($0) }
        for (id, messages) in Dictionary(grouping: made, by: { "\($0.position.partition.topic) \($0.id)" })
        where messages.count > 1 {
            let places = messages.map(\.position.description).joined(separator: " and ")
            found.append(Violation(.messagesOnce, id, "is at \(places)"))
        }
        return found + burials(history)
    }

    /// Records that were lost on the way to the dead letters, or put aside without need.
    private static func burials(_ history: LogHistory) -> [Violation] {
        var found: [Violation] = []
        let buried = Set(history.deadLetters.map { "\($0.topic)/\($0.partition)@\($0.offset)" })
        let unreadable = Set(history.unreadable.map(\.position.description))
        for record in history.unreadable where !buried.contains(record.position.description) {
            // What only the read model takes is passed over by it: it puts nothing on the log.
            let isTaken = ![Topic.alarms, .deadletter].map(\.rawValue).contains(
                record.position.partition.topic)
            if isTaken {
                found.append(Violation(.readableOrBuried, record.position.description, record.reason))
            }
        }
        for letter in history.deadLetters {
            let position = "\(letter.topic)/\(letter.partition)@\(letter.offset)"
            if !unreadable.contains(position) {
                found.append(
                    Violation(
                        .readableOrBuried, position,
                        "can be read, but \(letter.service) gave it up: \(letter.reason)"))
            }
        }
        return found
    }

    /// Topics whose messages services commit together with the offsets behind them. (Agents publish at least once, and number what they publish.)
    private static let committedTopics: Set<String> = Set(
        [Topic.runs, .fetched, .jobs, .status, .results, .alarms].map(\.rawValue))

    /// Whoever takes the queue over tells those who wait their places again: that is no second message.
    private static func isMadeOnce(_ message: LogHistory.Message) -> Bool {
        committedTopics.contains(message.position.partition.topic) && !message.id.isEmpty
            && !message.id.contains("/executor/queued/")
    }

    /// What each group had committed only grew, and is within the log.
    static func offsets(_ evidence: Evidence, _ history: LogHistory) -> [Violation] {
        var found: [Violation] = []
        var last: [String: [TopicPartition: Int64]] = [:]
        for sighting in evidence.offsets {
            for (partition, earlier) in last[sighting.group] ?? [:] {
                let now = sighting.offsets[partition] ?? 0
                if now < earlier {
                    found.append(
                        Violation(
                            .offsetsForward, "\(sighting.group) \(partition)",
                            "went back from \(earlier) to \(now)"))
                }
            }
            last[sighting.group] = sighting.offsets
        }
        for (group, offsets) in last {
            for (partition, offset) in offsets where offset > history.ends[partition] ?? 0 {
                found.append(
                    Violation(
                        .offsetsForward, "\(group) \(partition)",
                        "is at \(offset), but the log ends at \(history.ends[partition] ?? 0)"))
            }
        }
        return found
    }
}
