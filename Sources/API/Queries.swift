package import Events
package import HTTPMessages
package import Runtime

/// Which runs `GET /v1/runs` lists: those that fit everything that is said here, newest first.
package struct RunQuery: Equatable, Sendable {
    /// Any of these; empty is all.
    package var statuses: [RunStatus] = []
    /// The benchmark's name.
    package var name: String?
    /// All of these labels with these values.
    package var labels: [String: String] = [:]
    package var sweep: String?
    package var username: String?
    /// Submitted at or after this.
    package var since: Timestamp?
    /// Submitted before this.
    package var until: Timestamp?
    /// Words of the name, the description, the message or the id, in any case.
    package var text: String?
    /// At most `RunQuery.largestLimit`.
    package var limit: Int = RunQuery.usualLimit
    /// `next` of the page before.
    package var cursor: String?

    package static let usualLimit = 50
    /// A page of so many runs is well under a megabyte.
    package static let largestLimit = 1000

    package init() {}

    /// As parameters.
    package var items: [QueryItem] {
        var items = statuses.map { QueryItem("status", $0.rawValue) }
        items += labels.sorted { $0.key < $1.key }.map { QueryItem("label", "\($0.key)=\($0.value)") }
        items.add("name", name)
        items.add("sweep", sweep)
        items.add("username", username)
        items.add("since", since.map { "\($0.milliseconds)" })
        items.add("until", until.map { "\($0.milliseconds)" })
        items.add("text", text)
        items.add("limit", limit == RunQuery.usualLimit ? nil : "\(limit)")
        items.add("cursor", cursor)
        return items
    }
}

/// Which lines `GET /v1/runs/{id}/logs` gives, oldest first.
package struct LogQuery: Equatable, Sendable {
    /// Only of this attempt; nil is all.
    package var attempt: Int?
    package var stream: LogLine.Stream?
    /// Printed at or after this.
    package var since: Timestamp?
    /// Only the last so many of those that fit.
    package var tail: Int?
    /// A regular expression that the line has to match somewhere.
    package var grep: String?
    /// Only lines after this one: `cursor` of a line, or `next` of a page.
    package var cursor: String?
    package var limit: Int = LogQuery.usualLimit

    package static let usualLimit = 1000
    package static let largestLimit = 10_000

    package init() {}

    /// As parameters.
    package var items: [QueryItem] {
        var items: [QueryItem] = []
        items.add("attempt", attempt.map { "\($0)" })
        items.add("stream", stream?.rawValue)
        items.add("since", since.map { "\($0.milliseconds)" })
        items.add("tail", tail.map { "\($0)" })
        items.add("grep", grep)
        items.add("cursor", cursor)
        items.add("limit", limit == LogQuery.usualLimit ? nil : "\(limit)")
        return items
    }
}

/// Which points `GET /v1/runs/{id}/metrics/points` gives, in the order of attempt, rank and sequence.
package struct PointQuery: Equatable, Sendable {
    package var metric: String?
    package var attempt: Int?
    package var cursor: String?
    package var limit: Int = PointQuery.usualLimit

    package static let usualLimit = 1000
    package static let largestLimit = 10_000

    package init() {}

    /// As parameters.
    package var items: [QueryItem] {
        var items: [QueryItem] = []
        items.add("metric", metric)
        items.add("attempt", attempt.map { "\($0)" })
        items.add("cursor", cursor)
        items.add("limit", limit == PointQuery.usualLimit ? nil : "\(limit)")
        return items
    }
}

/// Which alarms `GET /v1/alarms` lists, newest first.
package struct AlarmQuery: Equatable, Sendable {
    /// Any of these; empty is all.
    package var states: [Alarm.State] = []
    /// The run that raised it.
    package var run: String?
    package var series: String?
    package var limit: Int = RunQuery.usualLimit
    package var cursor: String?

    package init() {}

    /// As parameters.
    package var items: [QueryItem] {
        var items = states.map { QueryItem("state", $0.rawValue) }
        items.add("run", run)
        items.add("series", series)
        items.add("limit", limit == RunQuery.usualLimit ? nil : "\(limit)")
        items.add("cursor", cursor)
        return items
    }
}

/// Which series `GET /v1/series` lists, those with the newest results first.
package struct SeriesQuery: Equatable, Sendable {
    package var benchmark: String?
    package var metric: String?
    package var limit: Int = RunQuery.usualLimit
    package var cursor: String?

    package init() {}

    /// As parameters.
    package var items: [QueryItem] {
        var items: [QueryItem] = []
        items.add("benchmark", benchmark)
        items.add("metric", metric)
        items.add("limit", limit == RunQuery.usualLimit ? nil : "\(limit)")
        items.add("cursor", cursor)
        return items
    }
}

extension [QueryItem] {
    /// Adds a parameter that has a value.
    package mutating func add(_ name: String, _ value: String?) {
        if let value { append(QueryItem(name, value)) }
    }
}
