internal import API
internal import Events
internal import HTTPMessages
internal import HTTPServer
internal import JSON
internal import struct MetricStore.StoreCursor
internal import Patterns
internal import Runtime

extension BFF {
    /// How often a stream of lines looks for new ones. The store is another process's to write and tells nobody.
    private static let logPause = Duration.milliseconds(200)
    /// How long after a run's end its last lines may take to be stored.
    private static let lastLines = Duration.seconds(5)
    private static let logTypes = ["application/json", "text/event-stream", "application/x-ndjson"]

    func getRunLogs(_ call: Call) async throws -> ServerResponse {
        let query = try call.logQuery()
        let grep = try query.grep.map { text throws(APIError) in try Call.pattern(text) }
        let place = try query.cursor.map { text throws(APIError) in try logPlace(text) }
        let isFollowing = try call.flag("follow")
        let id = try await resolve(call.part("run"))
        let type = call.preferredType(of: isFollowing ? Array(BFF.logTypes.dropFirst()) : BFF.logTypes)
        if type == "application/json" { return try await logPage(of: id, query, grep, after: place) }
        let isNDJSON = type == "application/x-ndjson"
        return ServerResponse(
            headers: ["Content-Type": type, "Cache-Control": "no-store"],
            body: .stream { writer in
                let lines = LineStream(writer: writer, isNDJSON: isNDJSON)
                try await stream(of: id, query, grep, after: place, isFollowing: isFollowing, to: lines)
            })
    }

    private func logPlace(_ text: String) throws(APIError) -> StoreCursor {
        guard let place = measurements.place(text) else {
            throw APIError(
                .invalidRequest, "'\(text)' is no cursor of this list: give the `cursor` of a line")
        }
        return place
    }

    private func logPage(
        of run: String, _ query: LogQuery, _ grep: Pattern?, after start: StoreCursor?
    ) async throws -> ServerResponse {
        if let count = query.tail {
            let part = try await measurements.tail(of: run, query, grep, count: count)
            return try .json(Page(items: part.items))
        }
        var items: [LogEntry] = []
        var place = start
        var hasMore = true
        while hasMore, items.count < query.limit {
            var next = query
            // No more than what is missing, so that a page ends where its last line was looked at.
            next.limit = query.limit - items.count
            let part = try await measurements.lines(of: run, next, grep, after: place)
            items += part.items
            (place, hasMore) = (part.place, part.hasMore)
        }
        return try .json(Page(items: items, next: hasMore ? place?.description : nil))
    }

    private func stream(
        of run: String, _ query: LogQuery, _ grep: Pattern?, after start: StoreCursor?, isFollowing: Bool,
        to lines: LineStream
    ) async throws {
        var place = start
        var quietSince = ContinuousClock.now
        var endedSince: ContinuousClock.Instant?
        if let count = query.tail {
            let part = try await measurements.tail(of: run, query, grep, count: count)
            try await lines.write(part.items)
            place = part.place ?? place
            if !isFollowing { return try await lines.end() }
        }
        while !Task.isCancelled {
            // Asked before the lines are: what was complete then is complete in them.
            let isOver = try await hasEnded(run, since: &endedSince)
            let part = try await measurements.lines(of: run, query, grep, after: place)
            place = part.place
            try await lines.write(part.items)
            if !part.items.isEmpty { quietSince = .now }
            if part.hasMore { continue }
            if !isFollowing || isOver { return try await lines.end() }
            if .now - quietSince >= BFF.keepAlive {
                try await lines.keepAlive()
                quietSince = .now
            }
            try await Task.sleep(for: BFF.logPause)
        }
    }

    /// Whether a run has ended and all that it printed is stored, as far as can be known.
    private func hasEnded(_ run: String, since: inout ContinuousClock.Instant?) async throws -> Bool {
        guard try await model.read({ try $0.summary(of: run) })?.status.isFinal ?? true else { return false }
        let ended = since ?? .now
        since = ended
        if try await measurements.areLinesComplete(of: run) { return true }
        // A run that was canceled or got lost may never say how much it has printed.
        return .now - ended >= BFF.lastLines
    }

    func getRunMetrics(_ call: Call) async throws -> ServerResponse {
        let id = try await resolve(call.part("run"))
        let metrics = try await model.read { reading -> RunMetrics? in
            guard let run = try reading.summary(of: id) else { return nil }
            return RunMetrics(
                run: id, status: run.status, results: try reading.results(of: id),
                problems: try reading.problems(of: id), warnings: try reading.warnings(of: id))
        }
        guard let metrics else { throw BFF.noRun(id) }
        return try .json(metrics)
    }

    func listRunPoints(_ call: Call) async throws -> ServerResponse {
        let limit = try call.integer("limit", in: 1...PointQuery.largestLimit, or: PointQuery.usualLimit)
        let attempt = try call.integer("attempt", in: 1...Int.max)
        let place = try call.text("cursor").map { text throws(APIError) in try logPlace(text) }
        let id = try await resolve(call.part("run"))
        let part = try await measurements.points(
            of: id, metric: call.text("metric"), attempt: attempt, after: place, limit: limit)
        return try .json(Page(items: part.items, next: part.hasMore ? part.place?.description : nil))
    }
}

/// Writes log lines to a client, in the form that it asked for.
struct LineStream: Sendable {
    let writer: ResponseWriter
    let isNDJSON: Bool

    func write(_ lines: [LogEntry]) async throws {
        for line in lines {
            let text = try JSONCoding.text(line)
            if isNDJSON {
                try await writer.write(text + "\n")
            } else {
                try await writer.write(ServerSentEvent(id: line.cursor, data: text))
            }
        }
    }

    /// Says that nothing more will come; the end of a file says so by itself.
    func end() async throws {
        if !isNDJSON { try await writer.write(ServerSentEvent(name: StreamEvent.end, data: "{}")) }
    }

    /// An empty line is no value of ndjson and is skipped by its readers.
    func keepAlive() async throws {
        try await writer.write(isNDJSON ? [UInt8(ascii: "\n")] : ServerSentEvent.keepAlive)
    }
}

extension Call {
    func logQuery() throws(APIError) -> LogQuery {
        var query = LogQuery()
        query.attempt = try integer("attempt", in: 1...Int.max)
        query.stream = try cases("stream", of: LogLine.Stream.self).first
        query.since = try time("since")
        query.tail = try integer("tail", in: 0...LogQuery.largestLimit)
        query.grep = text("grep")
        query.cursor = streamCursor()
        query.limit = try integer("limit", in: 1...LogQuery.largestLimit, or: LogQuery.usualLimit)
        return query
    }

    /// The pattern that `grep` is.
    static func pattern(_ text: String) throws(APIError) -> Pattern {
        do throws(PatternError) {
            return try Pattern(text, limits: LineFilter.limits)
        } catch {
            throw APIError(.invalidRequest, "grep is no regular expression: \(error)")
        }
    }
}
