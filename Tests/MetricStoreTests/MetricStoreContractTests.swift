import Events
import MetricStore
import Runtime
import Testing

/// What every metric store promises.
@Suite struct MetricStoreContractTests {
    @Test(arguments: StoreKind.allCases)
    func pointsComeBackAsTheyWereWritten(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let points = [
                Sample.point(1, "latency", 1.25, unit: "ms", step: 7, labels: ["k": "v", "a": "b\"c"]),
                Sample.point(2, "größe", -0.0, unit: nil),
                Sample.point(3, "latency", .infinity),
                Sample.point(4, "latency", 1e-308),
            ]
            try await store.write(.points("r", points))
            let page = try await store.points(of: "r", PointQuery())
            #expect(page.items.map(\.point) == points)
            #expect(page.items.allSatisfy { $0.attempt == 1 && $0.rank == 0 && !$0.isAccepted })
            #expect(page.next == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aValueThatIsNoNumberStaysNone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.write(.points("r", [Sample.point(1, "loss", .nan)]))
            let page = try await store.points(of: "r", PointQuery())
            #expect(page.items.count == 1)
            #expect(page.items.first?.point.value.isNaN == true)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func writingAgainChangesNothing(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.write(.points("r", [Sample.point(1), Sample.point(2)]))
            // A second delivery may overlap the first in part, and carries the same numbers.
            try await store.write(.points("r", [Sample.point(2), Sample.point(3)]))
            try await store.write(.lines("r", [Sample.line(1, "a"), Sample.line(1, "a")]))
            try await store.write(.lines("r", [Sample.line(1, "a")]))
            #expect(try await store.points(of: "r", PointQuery()).items.map(\.point.sequence) == [1, 2, 3])
            #expect(try await store.lines(of: "r", LineQuery()).items.map(\.line.text) == ["a"])
            let streams = try await store.streams(of: "r")
            #expect(streams.map(\.kind) == [.metrics, .lines])
            #expect(streams.map(\.count) == [3, 1])
            #expect(streams.map(\.last) == [3, 1])
            #expect(streams.map(\.missing) == [0, 0])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aGapShowsInTheStatistics(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.write(.points("r", [Sample.point(1), Sample.point(4)]))
            #expect(try await store.streams(of: "r").map(\.missing) == [2])
            var end = StoreChanges()
            end.ends = [
                .init(run: "r", kind: .metrics, end: StreamEnded(attempt: 1, count: 6, dropped: 9))
            ]
            try await store.write(end)
            let stream = try #require(try await store.streams(of: "r").first)
            #expect(stream.announced == 6)
            #expect(stream.dropped == 9)
            #expect(stream.missing == 4)
            #expect(stream.host == "h")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aStreamThatEndedBeforeItsPointsCameIsTheSame(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            var end = StoreChanges()
            end.ends = [.init(run: "r", kind: .lines, end: StreamEnded(attempt: 2, rank: 1, count: 1))]
            try await store.write(end)
            #expect(try await store.streams(of: "r").map(\.missing) == [1])
            try await store.write(.lines("r", attempt: 2, rank: 1, [Sample.line(1, "late")]))
            #expect(try await store.streams(of: "r").map(\.missing) == [0])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func pagesFollowEachOtherWithoutGapOrRepeat(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for attempt in [2, 1] {
                for rank in [1, 0] {
                    try await store.write(
                        .points("r", attempt: attempt, rank: rank, (1...5).map { Sample.point($0) }))
                }
            }
            var seen: [StoreCursor] = []
            var query = PointQuery(limit: 3)
            repeat {
                let page = try await store.points(of: "r", query)
                #expect(page.items.count <= 3)
                seen += page.items.map(\.cursor)
                query.after = page.next
            } while query.after != nil
            #expect(seen == seen.sorted())
            #expect(seen.count == 20)
            #expect(Set(seen).count == 20)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func pointsAreFilteredByMetricAndAttempt(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for attempt in 1...3 {
                try await store.write(
                    .points("r", attempt: attempt, [Sample.point(1, "a"), Sample.point(2, "b")]))
            }
            func cursors(_ query: PointQuery) async throws -> [String] {
                try await store.points(of: "r", query).items.map { "\($0.cursor)" }
            }
            #expect(try await cursors(PointQuery(metric: "a")) == ["1.0.1", "2.0.1", "3.0.1"])
            #expect(try await cursors(PointQuery(attempt: 2)) == ["2.0.1", "2.0.2"])
            #expect(try await cursors(PointQuery(metric: "b", attempt: 3)) == ["3.0.2"])
            #expect(try await cursors(PointQuery(metric: "c")) == [])
            #expect(
                try await cursors(
                    PointQuery(attempt: 2, after: StoreCursor(attempt: 2, rank: 0, sequence: 1)))
                    == ["2.0.2"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func onlyAcceptedAttemptsCount(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            var changes = StoreChanges()
            for attempt in 1...3 {
                changes.points += StoreChanges.points("r", attempt: attempt, [Sample.point(1)]).points
                changes.attempts.append(
                    .init(run: "r", attempt: Sample.attempt(attempt, isWarmup: attempt == 1)))
            }
            try await store.write(changes)
            #expect(try await store.attempts(of: "r").map(\.isAccepted) == [false, false, false])
            var accepted = StoreChanges()
            accepted.accepted = [.init(run: "r", attempts: [2, 3])]
            try await store.write(accepted)
            // An attempt that is delivered again stays accepted.
            try await store.write(changes)
            let attempts = try await store.attempts(of: "r")
            #expect(attempts.map(\.isAccepted) == [false, true, true])
            #expect(attempts.first?.finished == Sample.attempt(1, isWarmup: true))
            #expect(
                try await store.points(of: "r", PointQuery()).items.map(\.isAccepted) == [false, true, true])
            #expect(
                try await store.points(of: "r", PointQuery(onlyAccepted: true)).items.map(\.attempt)
                    == [2, 3])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func linesAreFilteredAndFollowed(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let lines = [
                Sample.line(1, "one", after: 10), Sample.line(2, "two err", stream: .stderr, after: 20),
                Sample.line(3, "three", after: 30), Sample.line(4, "four Err", after: 40),
            ]
            try await store.write(.lines("r", lines))
            try await store.write(.lines("r", attempt: 2, [Sample.line(1, "again", after: 50)]))
            func texts(_ query: LineQuery) async throws -> [String] {
                try await store.lines(of: "r", query).items.map(\.line.text)
            }
            #expect(try await store.lines(of: "r", LineQuery(attempt: 1)).items.map(\.line) == lines)
            #expect(try await texts(LineQuery(stream: .stderr)) == ["two err"])
            #expect(try await texts(LineQuery(containing: "rr")) == ["two err", "four Err"])
            #expect(try await texts(LineQuery(containing: "%")) == [])
            let since = Timestamp(milliseconds: Sample.time.milliseconds + 30)
            #expect(try await texts(LineQuery(since: since)) == ["three", "four Err", "again"])
            #expect(try await texts(LineQuery(tail: 2)) == ["four Err", "again"])
            #expect(try await texts(LineQuery(attempt: 1, tail: 1)) == ["four Err"])
            let last = StoreCursor(attempt: 2, rank: 0, sequence: 1)
            #expect(try await texts(LineQuery(after: last)) == [])
            try await store.write(.lines("r", attempt: 2, [Sample.line(2, "more")]))
            #expect(try await texts(LineQuery(after: last)) == ["more"])
            #expect(try await store.lineCount(of: "r") == 6)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func resultsMakeTheHistoryOfTheirSeries(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for (index, run) in ["r1", "r2", "r3"].enumerated() {
                try await store.write(
                    .results([
                        Sample.result(run, median: Double(index), after: Int64(index)),
                        Sample.result(run, metric: "accuracy", after: Int64(index)),
                    ]))
            }
            #expect(
                try await store.results(of: "r2")
                    == [
                        Sample.result("r2", metric: "accuracy", after: 1),
                        Sample.result("r2", median: 1, after: 1),
                    ])
            let history = try await store.history(of: "bench-latency", last: 2)
            #expect(history.map(\.run) == ["r2", "r3"])
            // Computed again, a result takes the place of the old one.
            try await store.write(.results([Sample.result("r2", median: 42, after: 1)]))
            #expect(
                try await store.history(of: "bench-latency", last: 10).map(\.median) == [0, 42, 2])
            #expect(try await store.history(of: "unknown", last: 10) == [])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func seriesAreListedByNameInPages(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            var results: [ResultComputed] = []
            for benchmark in ["b", "a"] {
                for metric in ["y", "x"] {
                    results.append(Sample.result("r1", benchmark: benchmark, metric: metric))
                    results.append(Sample.result("r2", benchmark: benchmark, metric: metric, after: 5))
                }
            }
            try await store.write(.results(results))
            let first = try await store.series(SeriesQuery(limit: 3))
            #expect(first.items.map(\.key.id) == ["a-x", "a-y", "b-x"])
            #expect(first.items.map(\.resultCount) == [2, 2, 2])
            #expect(first.items.map(\.latest.run) == ["r2", "r2", "r2"])
            let second = try await store.series(SeriesQuery(after: first.next, limit: 3))
            #expect(second.items.map(\.key.id) == ["b-y"])
            #expect(second.next == nil)
            let filtered = try await store.series(SeriesQuery(benchmark: "b", metric: "x"))
            #expect(filtered.items.map(\.key.id) == ["b-x"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aDeletedRunIsGoneForGood(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for run in ["gone", "stays"] {
                var changes = StoreChanges.points(run, [Sample.point(1)])
                changes.lines = StoreChanges.lines(run, [Sample.line(1, "x")]).lines
                changes.results = [Sample.result(run)]
                changes.attempts = [.init(run: run, attempt: Sample.attempt(1))]
                changes.accepted = [.init(run: run, attempts: [1])]
                try await store.write(changes)
            }
            try await store.delete(run: "gone")
            try await store.delete(run: "gone")
            try await store.delete(run: "never there")
            // What is delivered late does not bring it back.
            try await store.write(.points("gone", [Sample.point(2)]))
            try await store.write(.results([Sample.result("gone")]))
            try await store.write(.points("never there", [Sample.point(1)]))
            for run in ["gone", "never there"] {
                #expect(try await store.points(of: run, PointQuery()).items == [])
                #expect(try await store.lines(of: run, LineQuery()).items == [])
                #expect(try await store.attempts(of: run) == [])
                #expect(try await store.streams(of: run) == [])
                #expect(try await store.results(of: run) == [])
            }
            #expect(try await store.points(of: "stays", PointQuery()).items.count == 1)
            #expect(try await store.history(of: "bench-latency", last: 9).map(\.run) == ["stays"])
            try await store.delete(run: "stays")
            #expect(try await store.series(SeriesQuery()).items == [])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aRunThatIsNotThereIsEmpty(_ kind: StoreKind) async throws {
        try await kind.withStore { store async throws in
            #expect(try await store.points(of: "r", PointQuery()) == StorePage(items: []))
            #expect(try await store.lines(of: "r", LineQuery(tail: 3)) == StorePage(items: []))
            #expect(try await store.attempts(of: "r") == [])
            #expect(try await store.streams(of: "r") == [])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aClosedStoreSaysSo(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            await store.close()
            let write = await #expect(throws: MetricStoreError.self) {
                try await store.write(.points("r", [Sample.point(1)]))
            }
            #expect(write?.code == .closed)
            let read = await #expect(throws: MetricStoreError.self) { try await store.attempts(of: "r") }
            #expect(read?.code == .closed)
        }
    }
}
