internal import Events
internal import MetricStore
internal import Patterns
internal import Runtime
internal import struct API.LogEntry
internal import struct API.LogQuery
internal import struct API.MetricEntry

/// Reads log lines and metric points from the store, in the API's terms.
struct Measurements: Sendable {
    let store: any MetricStore
    private let filter = LineFilter()

    init(store: any MetricStore) { self.store = store }

    /// A page of something, with where it goes on.
    struct Part<Item: Sendable>: Sendable {
        var items: [Item]
        /// Behind the last line that was looked at, shown or not.
        var place: StoreCursor?
        /// Whether there may be more behind it at this moment.
        var hasMore: Bool
    }

    /// A place as clients carry it; nil when `text` is none.
    func place(_ text: String) -> StoreCursor? { StoreCursor(text) }

    /// The next lines behind `place` that fit, looking at no more than one page of the store.
    ///
    /// - Throws: `MetricStoreError`, or `PatternError` when the pattern is too costly.
    func lines(
        of run: String, _ query: LogQuery, _ grep: Pattern?, after place: StoreCursor?
    ) async throws -> Part<LogEntry> {
        let wanted = LineQuery(
            attempt: query.attempt, stream: query.stream, since: query.since, after: place, limit: query.limit
        )
        let page = try await store.lines(of: run, wanted)
        let items = page.items.map(LogEntry.init)
        return Part(
            items: try await filter.matching(items, grep), place: page.items.last?.cursor ?? place,
            hasMore: page.next != nil)
    }

    /// The last `count` lines that fit, of all there are now.
    func tail(of run: String, _ query: LogQuery, _ grep: Pattern?, count: Int) async throws -> Part<LogEntry>
    {
        guard grep != nil else {
            let wanted = LineQuery(
                attempt: query.attempt, stream: query.stream, since: query.since, tail: count)
            let page = try await store.lines(of: run, wanted)
            return Part(items: page.items.map(LogEntry.init), place: page.items.last?.cursor, hasMore: false)
        }
        var last: ArraySlice<LogEntry> = []
        var part = Part<LogEntry>(items: [], place: nil, hasMore: true)
        var query = query
        query.limit = largestStorePage
        while part.hasMore {
            part = try await lines(of: run, query, grep, after: part.place)
            last = (last + part.items).suffix(count)
        }
        return Part(items: Array(last), place: part.place, hasMore: false)
    }

    /// A page of points.
    func points(
        of run: String, metric: String?, attempt: Int?, after place: StoreCursor?, limit: Int
    ) async throws -> Part<MetricEntry> {
        let page = try await store.points(
            of: run, PointQuery(metric: metric, attempt: attempt, after: place, limit: limit))
        let items = page.items.map {
            MetricEntry(attempt: $0.attempt, rank: $0.rank, point: $0.point, isAccepted: $0.isAccepted)
        }
        return Part(items: items, place: page.items.last?.cursor, hasMore: page.next != nil)
    }

    /// Whether all that was printed is stored: every stream of lines has said how many there are, and so many are there.
    func areLinesComplete(of run: String) async throws -> Bool {
        try await store.streams(of: run).allSatisfy { $0.kind != .lines || $0.announced == $0.count }
    }
}

extension LogEntry {
    init(_ stored: StoredLine) {
        self.init(
            cursor: stored.cursor.description, attempt: stored.attempt, rank: stored.rank,
            sequence: stored.line.sequence, time: stored.line.time, stream: stored.line.stream,
            text: stored.line.text)
    }
}

/// Tries a user's pattern on lines. On a queue of its own: a pattern can be slow.
actor LineFilter {
    private let executor = QueueExecutor(label: "bai.bff.grep")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// A page has up to ten thousand lines, and others wait behind this: a line may cost so much and no more.
    static let limits: PatternLimits = {
        var limits = PatternLimits()
        limits.timePerLine = .milliseconds(20)
        limits.steps = 100_000
        return limits
    }()

    /// The lines in which `pattern` matches; all of them without one. A line too long to be tried is taken to match: nothing is hidden.
    func matching(_ lines: [LogEntry], _ pattern: Pattern?) throws(PatternError) -> [LogEntry] {
        guard let pattern else { return lines }
        var matching: [LogEntry] = []
        for line in lines where try isMatch(line.text, pattern) { matching.append(line) }
        return matching
    }

    private func isMatch(_ text: String, _ pattern: Pattern) throws(PatternError) -> Bool {
        do {
            return try !pattern.matches(in: text).isEmpty
        } catch {
            guard error.code == .lineTooLong else { throw error }
            return true
        }
    }
}
