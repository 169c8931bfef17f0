import API
import BFFClient
import Events
import HTTPMessages
import HTTPServer
import JSON
import MetricStore
import Runtime
import Testing

@testable import BFFService

@Suite struct LogsTests {
    private func write(
        _ texts: [String], of run: String, attempt: Int = 1, from first: Int = 1, isLast: Bool = false,
        to fixture: Fixture
    ) async throws {
        let lines = texts.enumerated().map { index, text in
            LogLine(
                sequence: Int64(first + index), time: Timestamp(milliseconds: Int64(1000 * (first + index))),
                stream: index % 2 == 0 ? .stdout : .stderr, text: text)
        }
        var changes = StoreChanges()
        changes.lines = [StoreChanges.Lines(run: run, batch: LogBatch(attempt: attempt, lines: lines))]
        if isLast {
            let end = StreamEnded(attempt: attempt, count: Int64(first + texts.count - 1))
            changes.ends = [StoreChanges.End(run: run, kind: .lines, end: end)]
        }
        try await fixture.store.write(changes)
    }

    private func texts(_ fixture: Fixture, _ run: String, _ query: LogQuery, follow: Bool) async throws
        -> [String]
    {
        var texts: [String] = []
        for try await line in fixture.client.logs(of: run, query, follow: follow) { texts.append(line.text) }
        return texts
    }

    @Test func eachFilterLeavesWhatFits() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            try await write(["loss=1", "warn", "loss=2", "warn again", "done"], of: id, to: fixture)
            try await write(["second try"], of: id, attempt: 2, to: fixture)
            let all = ["loss=1", "warn", "loss=2", "warn again", "done", "second try"]
            let asked: [((inout LogQuery) -> Void, [String])] = [
                ({ _ in }, all), ({ $0.attempt = 2 }, ["second try"]),
                ({ $0.stream = .stderr }, ["warn", "warn again"]),
                ({ $0.since = Timestamp(milliseconds: 4000) }, ["warn again", "done"]),
                ({ $0.tail = 2 }, ["done", "second try"]),
                ({ $0.grep = "loss=[0-9]" }, ["loss=1", "loss=2"]),
                ({ $0.grep = "^warn" }, ["warn", "warn again"]),
                ({ ($0.grep, $0.tail) = ("^warn", 1) }, ["warn again"]),
            ]
            for (change, expected) in asked {
                var query = LogQuery()
                change(&query)
                let page = try await fixture.client.logPage(of: id, query).items.map(\.text)
                #expect(page == expected)
                #expect(try await texts(fixture, id, query, follow: false) == expected)
            }
        }
    }

    @Test func pagesGoOnBehindTheLastLine() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            let all = (1...25).map { "line \($0)" }
            try await write(all, of: id, to: fixture)
            for grep in [nil, "[135]$"] {
                var query = LogQuery()
                query.limit = 4
                query.grep = grep
                var seen: [String] = []
                repeat {
                    let page = try await fixture.client.logPage(of: id, query)
                    #expect(page.items.count <= 4)
                    seen += page.items.map(\.text)
                    query.cursor = page.next
                } while query.cursor != nil
                #expect(seen == (grep == nil ? all : all.filter { "135".contains($0.last ?? "x") }))
            }
        }
    }

    @Test func aFollowedRunIsToldToItsLastLine() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            try await fixture.move(id, to: .running, attempt: 1)
            try await write(["one"], of: id, to: fixture)
            var seen: [String] = []
            for try await line in fixture.client.logs(of: id, follow: true) {
                seen.append(line.text)
                if line.text == "one" { try await write(["two"], of: id, from: 2, to: fixture) }
                if line.text == "two" {
                    try await fixture.move(id, to: .succeeded, attempt: 1)
                    try await write(["three"], of: id, from: 3, isLast: true, to: fixture)
                }
            }
            #expect(seen == ["one", "two", "three"])
        }
    }

    @Test func aBrokenFollowGoesOnBehindTheLastLine() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            try await write(["one", "two", "three", "four"], of: id, isLast: true, to: fixture)
            try await fixture.move(id, to: .succeeded, attempt: 1)
            try await fixture.settle()
            var settings = BFFClient.Settings()
            settings.backoff = Backoff(first: .milliseconds(1), most: .milliseconds(2))
            let transport = RouterTransport(router: fixture.service.router, piecesPerConnection: 1)
            let client = BFFClient(transport: transport, settings: settings)
            var seen: [String] = []
            for try await line in client.logs(of: id, follow: true) { seen.append(line.text) }
            #expect(seen == ["one", "two", "three", "four"])
        }
    }

    @Test func linesComeAsNDJSONToo() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            try await write(["one", "two"], of: id, to: fixture)
            let request = try #require(
                ServerRequest(.get, "/v1/runs/\(id)/logs", headers: ["Accept": "application/x-ndjson"]))
            let response = await fixture.service.router.answer(request)
            #expect(response.headers["Content-Type"] == "application/x-ndjson")
            let lines = try await response.gathered().split(separator: UInt8(ascii: "\n"))
            let entries = try lines.map { try JSONCoding.decode(LogEntry.self, from: $0) }
            #expect(entries.map(\.text) == ["one", "two"])
            #expect(entries.map(\.cursor) == ["1.0.1", "1.0.2"])
        }
    }

    @Test(arguments: [
        ("grep=%28", "no regular expression"), ("tail=-1", "whole number"), ("cursor=zzz", "no cursor"),
        ("stream=stdotu", "did you mean 'stdout'?"), ("attempt=0", "whole number"),
        ("folow=true", "did you mean 'follow'?"),
    ])
    func aParameterThatMeansNothingIsRefused(_ query: String, _ hint: String) async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            let answer = try await fixture.ask(.get, "/v1/runs/\(id)/logs?\(query)")
            #expect(answer.status == 400)
            #expect(answer.body["error"]?["message"]?.string?.contains(hint) == true, "\(answer.body)")
        }
    }

    @Test func aPatternMadeToBeSlowIsRefusedSoon() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            try await write([String(repeating: "a", count: 20_000) + "b"], of: id, to: fixture)
            let started = ContinuousClock.now
            let answer = try await fixture.ask(.get, "/v1/runs/\(id)/logs?grep=%28a%2B%29%2B%24")
            #expect(answer.status == 400)
            #expect(answer.body["error"]?["message"]?.string?.contains("costs too much") == true)
            #expect(.now - started < .seconds(5))
        }
    }

    @Test func pointsArePagedInTheirOrder() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            let points = (1...7).map { number in
                MetricPoint(
                    sequence: Int64(number), name: number % 2 == 0 ? "loss" : "latency",
                    value: Double(number),
                    unit: "ms", time: Timestamp(milliseconds: 0))
            }
            var changes = StoreChanges()
            changes.points = [
                StoreChanges.Points(run: id, batch: MetricBatch(attempt: 1, host: "h", points: points))
            ]
            changes.accepted = [StoreChanges.Accepted(run: id, attempts: [1])]
            try await fixture.store.write(changes)
            var query = API.PointQuery()
            query.limit = 3
            var seen: [MetricEntry] = []
            repeat {
                let page = try await fixture.client.points(of: id, query)
                seen += page.items
                query.cursor = page.next
            } while query.cursor != nil
            #expect(seen.map(\.point) == points)
            #expect(!seen.map(\.isAccepted).contains(false))
            query = API.PointQuery()
            query.metric = "loss"
            #expect(try await fixture.client.points(of: id, query).items.map(\.point.value) == [2, 4, 6])
        }
    }
}
