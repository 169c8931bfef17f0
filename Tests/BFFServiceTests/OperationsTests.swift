import API
import BFFClient
import Events
import HTTPMessages
import HTTPServer
import JSON
import MessageLog
import Runtime
import TestSupport
import Testing

@testable import BFFService

@Suite struct DeadLetterTests {
    @Test func replayPublishesTheRecordAgainAndMarksIt() async throws {
        try await Fixture.run { fixture in
            let letter = Samples.letter(key: "run-1", text: #"{"odd": true}"#)
            let position = try await fixture.publish(letter, about: "run-1")
            let listed = try await fixture.client.deadLetters().items
            let id = "\(position.partition.partition)-\(position.offset)"
            #expect(listed.map(\.id) == [id])
            #expect(listed.map(\.letter) == [letter])
            #expect(listed[0].replayed == nil)
            let replayed = try await fixture.client.replay(id)
            #expect((replayed.topic, replayed.key) == ("commands", "run-1"))
            let place = TopicPartition(
                topic: "commands", partition: Partitioner.partition(of: "run-1", among: Fixture.partitions))
            let record = try #require(try await fixture.log.read(place, from: 0, limit: ReadLimit()).first)
            #expect(record.position.description == replayed.position)
            #expect(record.headers == letter.headers)
            #expect(record.value == Array(#"{"odd": true}"#.utf8))
            #expect(try await fixture.client.deadLetters().items[0].replayed != nil)
        }
    }

    @Test func bytesThatAreNoTextComeBackAsTheyWere() async throws {
        try await Fixture.run { fixture in
            var letter = Samples.letter(key: "run-1")
            (letter.text, letter.bytes) = (nil, "/wD+")
            try await fixture.publish(letter, about: "run-1")
            let id = try await fixture.client.deadLetters().items[0].id
            try await fixture.client.replay(id)
            let place = TopicPartition(
                topic: "commands", partition: Partitioner.partition(of: "run-1", among: Fixture.partitions))
            #expect(
                try await fixture.log.read(place, from: 0, limit: ReadLimit()).first?.value == [
                    0xff, 0x00, 0xfe,
                ])
        }
    }

    @Test func aLetterIsReplayedOnceHoweverManyAsk() async throws {
        try await Fixture.run { fixture in
            try await fixture.publish(Samples.letter(key: "run-1"), about: "run-1")
            let id = try await fixture.client.deadLetters().items[0].id
            let codes = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await fixture.ask(.post, "/v1/deadletters/\(id)/replay").status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.sorted() == [200, 409, 409, 409, 409, 409, 409, 409])
            #expect(try await fixture.count(.commands) == 1)
        }
    }

    @Test func whatAServiceHadInHandIsNotReplayed() async throws {
        try await Fixture.run { fixture in
            var letter = Samples.letter(key: "run-1")
            letter.topic = Topic.state(of: "executor")
            try await fixture.publish(letter, about: "run-1")
            let id = try await fixture.client.deadLetters().items[0].id
            #expect(try await fixture.ask(.post, "/v1/deadletters/\(id)/replay").status == 409)
        }
    }

    @Test func aLetterWithoutItsRecordIsNotReplayed() async throws {
        try await Fixture.run { fixture in
            var letter = Samples.letter(key: "run-1")
            (letter.text, letter.bytes) = (nil, nil)
            try await fixture.publish(letter, about: "run-1")
            let id = try await fixture.client.deadLetters().items[0].id
            #expect(try await fixture.ask(.post, "/v1/deadletters/\(id)/replay").status == 409)
            #expect(try await fixture.count(.commands) == 0)
        }
    }

    @Test(arguments: ["0-99", "x", "0", "0-x", "-1-2"])
    func whatIsNoDeadLetterIsNotFound(_ id: String) async throws {
        try await Fixture.run { fixture in
            let answer = try await fixture.ask(.post, "/v1/deadletters/\(id)/replay")
            #expect(answer.status == 404)
        }
    }

    @Test func lettersArePagedNewestFirst() async throws {
        try await Fixture.run { fixture in
            for number in 0..<5 {
                try await fixture.publish(
                    Samples.letter(key: "run-\(number)"), about: "run-\(number)",
                    at: Timestamp(milliseconds: Int64(1000 + number)))
            }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let page = try await fixture.client.deadLetters(limit: 2, cursor: cursor)
                seen += page.items.map(\.letter.key)
                cursor = page.next
            } while cursor != nil
            #expect(seen == ["run-4", "run-3", "run-2", "run-1", "run-0"])
        }
    }
}

@Suite struct AlarmAndSeriesTests {
    @Test func alarmsAreListedByStateRunAndSeries() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            let (one, two) = (Samples.series("one"), Samples.series("two"))
            let alarms = [
                Samples.alarm(id, id: "a", series: one), Samples.alarm("other", id: "b", series: one),
                Samples.alarm(id, id: "c", state: .resolved, series: two),
            ]
            for alarm in alarms {
                try await fixture.publish(AlarmChanged(alarm: alarm), about: alarm.run, key: alarm.series.id)
            }
            try await fixture.settle()
            let asked: [((inout AlarmQuery) -> Void, [String])] = [
                ({ _ in }, ["c", "b", "a"]), ({ $0.states = [.open] }, ["b", "a"]),
                ({ $0.run = String(id.prefix(8)) }, ["c", "a"]), ({ $0.series = "one" }, ["b", "a"]),
                ({ $0.limit = 2 }, ["c", "b"]),
            ]
            for (change, expected) in asked {
                var query = AlarmQuery()
                change(&query)
                #expect(try await fixture.client.alarms(query).items.map(\.id) == expected)
            }
            #expect(try await fixture.client.alarm("a") == alarms[0])
            let missing = try await fixture.ask(.get, "/v1/alarms/none")
            #expect(missing.status == 404)
        }
    }

    @Test func aSeriesTellsItsHistoryInPages() async throws {
        try await Fixture.run { fixture in
            var runs: [String] = []
            for number in 0..<5 {
                let id = try await fixture.submit()[0]
                runs.insert(id, at: 0)
                try await fixture.publish(
                    Samples.result(id, median: Double(number), finished: Int64(number)), about: id,
                    key: Samples.series().id)
            }
            try await fixture.settle()
            var seen: [String] = []
            var cursor: String?
            repeat {
                let page = try await fixture.client.series(Samples.series().id, limit: 2, cursor: cursor)
                #expect(page.series == Samples.series())
                seen += page.results.map(\.run)
                cursor = page.next
            } while cursor != nil
            #expect(seen == runs)
            let listed = try await fixture.client.series().items
            #expect(listed.map(\.count) == [5])
            #expect(listed.first?.last.run == runs.first)
            var query = API.SeriesQuery()
            query.metric = "another"
            #expect(try await fixture.client.series(query).items == [])
            let missing = try await fixture.ask(.get, "/v1/series/none")
            #expect(missing.status == 404)
        }
    }
}

@Suite struct HealthTests {
    @Test func theReportSaysHowFarEachServiceIsBehind() async throws {
        try await Fixture.run { fixture in
            try await fixture.submit()
            try await fixture.submit()
            try await fixture.settle()
            let before = try await fixture.client.health()
            #expect(before.status == "ok")
            #expect(before.lag["bff"] == 0)
            #expect(before.lag["fetcher"] == 2)
            #expect(before.lag["executor"] == 0)
            let fetcher = try await fixture.log.join(
                group: "fetcher", topics: ["runs"], settings: GroupSettings(member: "test"))
            guard
                case .assigned(let leases) = try await fetcher.poll(limit: ReadLimit(), timeout: .seconds(5))
            else {
                Issue.record("no lease")
                return
            }
            var transactions: [GroupTransaction] = []
            for lease in leases {
                let place = TopicPartition(topic: "runs", partition: lease.partition)
                let end = try await fixture.log.range(of: place).upperBound
                transactions.append(GroupTransaction(lease: lease, offsets: ["runs": end]))
            }
            try await fetcher.commit(transactions)
            #expect(try await fixture.client.health().lag["fetcher"] == 0)
        }
    }

    @Test func theVersionIsThisOne() async throws {
        try await Fixture.run { fixture in
            #expect(try await fixture.client.version() == VersionReport(version: Version.current, api: "v1"))
            try await fixture.submit()
        }
    }

    @Test func countersAreInPrometheusForm() async throws {
        try await Fixture.run { fixture in
            try await fixture.submit()
            try await fixture.settle()
            let request = try #require(ServerRequest(.get, "/metrics"))
            let text = String(
                decoding: try await fixture.service.router.answer(request).gathered(), as: UTF8.self)
            #expect(text.contains("bai_bff_runs{status=\"SUBMITTED\"} 1\n"))
            #expect(text.contains("bai_lag_records{service=\"fetcher\"} 1\n"))
        }
    }

    @Test func aLogThatIsClosedIsUnavailableAndNotACrash() async throws {
        let fixture = try await Fixture()
        await fixture.log.close()
        let answer = try await fixture.ask(.get, "/v1/health")
        #expect(answer.status == 503)
        #expect(answer.body["error"]?["code"] == "unavailable")
    }

    @Test func theLogIsTidiedUpSoonAfterTheStartAndThenEveryHour() async throws {
        let time = ManualTime()
        let fixture = try await Fixture(time: time)
        let count = { @Sendable in fixture.lines.withLock { $0.count { $0.contains("log tidied up") } } }
        try await fixture.running {
            for (number, pause) in [300, 3600, 3600].enumerated() {
                #expect(await eventually { time.sleepers == 1 })
                #expect(count() == number)
                time.advance(by: .seconds(pause))
                #expect(await eventually { count() == number + 1 })
            }
            try Task.checkCancellation()
        }
    }

    @Test func aPathThatIsNoneIsNotFoundAndAMethodThatIsNoneIsSaid() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.ask(.get, "/v1/nothing")
        #expect((path.status, path.body["error"]?["code"]) == (404, "not_found"))
        let method = try await fixture.ask(.put, "/v1/runs")
        #expect((method.status, method.body["error"]?["code"]) == (405, "method_not_allowed"))
    }
}
