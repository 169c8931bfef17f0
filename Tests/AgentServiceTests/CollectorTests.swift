import AgentService
import Descriptors
import Events
import Runtime
import Testing

@Suite struct CollectorTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)
    private let start = ContinuousClock.now

    private func collector(
        _ metrics: [Descriptor.Metric] = [], _ variables: [String: String] = [:],
        _ change: (inout Collector.Limits) -> Void = { _ in }
    ) -> Collector {
        var limits = Collector.Limits()
        change(&limits)
        return Collector(metrics: metrics, variables: variables, limits: limits)
    }

    private func line(_ text: String) -> LineSplitter.Line { LineSplitter.Line(text: text) }

    private func points(_ batches: [Collector.Batch]) -> [MetricPoint] {
        batches.flatMap { batch -> [MetricPoint] in
            if case .metrics(let points) = batch { points } else { [] }
        }
    }

    private func lines(_ batches: [Collector.Batch]) -> [LogLine] {
        batches.flatMap { batch -> [LogLine] in if case .logs(let lines) = batch { lines } else { [] } }
    }

    @Test func anotherCollectorGoesOnWithTheNumbersAndTheLimits() throws {
        var first = collector { $0.logBytes = 12 }
        first.printed(line("seven 7"), on: .stdout, at: now)
        first.emitted(line(#"{"x":1}"#), at: now)
        _ = first.batches(sealsAll: true, now: start)
        var limits = Collector.Limits()
        limits.logBytes = 12
        var second = Collector(metrics: [], variables: [:], limits: limits, from: first.standing)
        second.printed(line("four"), on: .stdout, at: now)
        second.printed(line("too much"), on: .stdout, at: now)
        second.emitted(line(#"{"x":2}"#), at: now)
        let batches = second.batches(sealsAll: true, now: start)
        #expect(points(batches).map(\.sequence) == [2])
        #expect(lines(batches).map(\.sequence) == [2, 3])
        #expect(lines(batches).map(\.stream) == [.stdout, .agent])
        #expect(second.counts.cutLines == 1)
        #expect(second.due == nil)
    }

    @Test func pointsAndLinesAreNumberedFromOneOnTheirOwn() {
        var collector = collector()
        collector.printed(line("a"), on: .stdout, at: now)
        collector.emitted(line(#"{"x":1,"y":2}"#), at: now)
        collector.printed(line("b"), on: .stderr, at: now)
        collector.emitted(line(#"{"x":3}"#), at: now)
        let batches = collector.batches(isLast: true, now: start)
        #expect(points(batches).map(\.sequence) == [1, 2, 3])
        #expect(lines(batches).map(\.sequence) == [1, 2])
        #expect(lines(batches).map(\.stream) == [.stdout, .stderr])
        #expect(collector.counts.points == 3)
        #expect(collector.counts.lines == 2)
        #expect(collector.batches(isLast: true, now: start) == [], "they are given once")
    }

    @Test func whatWaitsIsGivenAfterAMoment() throws {
        var collector = collector()
        #expect(collector.due == nil)
        collector.emitted(line(#"{"x":1}"#), at: now)
        let due = try #require(collector.due)
        #expect(collector.batches(now: due - .milliseconds(1)) == [])
        #expect(points(collector.batches(now: due)).count == 1)
        #expect(collector.due == nil)
    }

    @Test func aFullBatchDoesNotWait() {
        var collector = collector { $0.batchCount = 3 }
        for value in 1...7 { collector.emitted(line(#"{"x":\#(value)}"#), at: now) }
        let full = collector.batches(now: start)
        #expect(full.map { points([$0]).map(\.sequence) } == [[1, 2, 3], [4, 5, 6]])
        #expect(points(collector.batches(isLast: true, now: start)).map(\.sequence) == [7])
    }

    @Test func batchesOfLinesAreBoundedInBytes() {
        var collector = collector { $0.batchBytes = 100 }
        for _ in 1...5 { collector.printed(line(String(repeating: "x", count: 60)), on: .stdout, at: now) }
        #expect(collector.batches(now: start).map { lines([$0]).count } == [2, 2])
    }

    @Test func theUnitOfTheDescriptorIsUsedWhereTheLineHasNone() {
        var collector = collector([
            Descriptor.Metric(name: "latency", units: "ms"), Descriptor.Metric(name: "n"),
        ])
        collector.emitted(line(#"{"latency":1,"n":2}"#), at: now)
        collector.emitted(line(#"{"bai":1,"metrics":{"latency":1},"units":{"latency":"s"}}"#), at: now)
        #expect(points(collector.batches(isLast: true, now: start)).map(\.unit) == ["ms", nil, "s"])
    }

    @Test func theBenchmarksOwnTimeComesBeforeTheReaders() {
        var collector = collector()
        collector.emitted(line(#"{"bai":1,"metrics":{"x":1},"time":1763699000.5,"step":2}"#), at: now)
        collector.emitted(line(#"{"x":1}"#), at: now)
        let points = points(collector.batches(isLast: true, now: start))
        #expect(points.map(\.time.milliseconds) == [1_763_699_000_500, now.milliseconds])
        #expect(points.map(\.step) == [2, nil])
    }

    @Test func patternsAreTriedOnStandardOutputAlone() {
        var collector = collector([Descriptor.Metric(name: "x", units: "s", pattern: "x=([^ ]+)")])
        collector.printed(line("x=1 x=2.5e3 x=fast"), on: .stdout, at: now)
        collector.printed(line("x=9"), on: .stderr, at: now)
        let batches = collector.batches(isLast: true, now: start)
        #expect(points(batches).map(\.value) == [1, 2500])
        #expect(points(batches).map(\.unit) == ["s", "s"])
        #expect(
            lines(batches).map(\.text).contains(
                "the pattern of metric 'x' found 'fast', which is not a number"))
    }

    @Test func objectsOnStandardOutputAreMetricsOnlyWhenTheBenchmarkWasToldToPrintThem() {
        let ours = #"{"bai":1,"metrics":{"a":1}}"#
        let theirs = #"{"b":2}"#
        for (variables, names) in [
            ([:], []), (["BAI_METRICS": "stdout"], ["a"]), (["BENCHMARK_AI": "stdout"], ["a", "b"]),
        ] as [([String: String], [String])] {
            var collector = collector([], variables)
            for text in [ours, theirs, "{'python': 'dict'}"] {
                collector.printed(line(text), on: .stdout, at: now)
            }
            let batches = collector.batches(isLast: true, now: start)
            #expect(points(batches).map(\.name) == names)
            #expect(lines(batches).count == 3, "no complaint about what was no metric")
        }
    }

    @Test func complaintsAreCountedAndAFewWrittenDown() {
        var collector = collector { $0.complaints = 2 }
        for _ in 1...5 { collector.emitted(line("garbage"), at: now) }
        collector.emitted(line(""), at: now)
        collector.conclude(at: now)
        #expect(collector.counts.refused == 5)
        let texts = lines(collector.batches(isLast: true, now: start)).map(\.text)
        #expect(texts.count == 3)
        #expect(texts[0] == "a line is no metric: '{' was expected, at byte 0: garbage")
        #expect(texts[2] == "5 lines or values in all were no metrics")
    }

    @Test func aSplitLineOfMeasurementsIsRefusedNotGuessedAt() {
        var collector = collector()
        collector.emitted(LineSplitter.Line(text: #"{"x":1}"#, continues: true), at: now)
        #expect(collector.counts.points == 0)
        #expect(collector.counts.refused == 1)
    }

    @Test func theLogEndsAtItsLimitAndMetricsGoOn() {
        var collector = collector([Descriptor.Metric(name: "x", pattern: "x=(.+)")]) { $0.logBytes = 10 }
        for value in 1...4 { collector.printed(line("x=\(value)"), on: .stdout, at: now) }
        collector.conclude(at: now)
        let batches = collector.batches(isLast: true, now: start)
        #expect(points(batches).map(\.value) == [1, 2, 3, 4])
        #expect(
            lines(batches).map(\.text) == [
                "x=1", "x=2", "the log ends here: 10 bytes of output are kept",
                "2 lines were printed after that and not kept",
            ])
        #expect(collector.counts.cutLines == 2)
    }

    @Test func pointsBeyondTheLimitAreCountedAsDropped() {
        var collector = collector { $0.points = 2 }
        collector.emitted(line(#"{"a":1,"b":2,"c":3,"d":4}"#), at: now)
        collector.emitted(line(#"{"bai":1,"dropped":5}"#), at: now)
        #expect(collector.counts.points == 2)
        #expect(collector.counts.dropped == 7)
    }

    @Test func theLatestProgressIsToldOnceASecond() {
        var collector = collector()
        let progress = { (done: Int) in
            self.line(#"{"bai":1,"progress":{"done":\#(done),"total":9,"message":"m"}}"#)
        }
        collector.emitted(progress(1), at: now)
        collector.emitted(progress(2), at: now)
        #expect(lines(collector.batches(now: start + .seconds(9))).map(\.text) == ["progress 2 of 9: m"])
        collector.emitted(progress(3), at: now + .milliseconds(500))
        #expect(lines(collector.batches(now: start + .seconds(9))) == [])
        collector.emitted(progress(4), at: now + .milliseconds(1500))
        #expect(lines(collector.batches(now: start + .seconds(9))).map(\.text) == ["progress 4 of 9: m"])
        collector.emitted(progress(5), at: now + .milliseconds(1600))
        #expect(lines(collector.batches(isLast: true, now: start)).map(\.text) == ["progress 5 of 9: m"])
    }
}

@Suite struct MetricPatternsTests {
    @Test func aPatternWithoutAGroupIsTheValueAsAWhole() {
        var patterns = MetricPatterns([Descriptor.Metric(name: "n", pattern: #"\d+"#)])
        #expect(patterns.values(in: "a 1 b 22").values.map(\.value) == [1, 22])
    }

    @Test func theGroupCalledValueComesBeforeTheFirst() {
        var patterns = MetricPatterns([Descriptor.Metric(name: "n", pattern: #"(a|b)=(?<value>\d+)"#)])
        #expect(patterns.values(in: "a=1 b=2").values.map(\.value) == [1, 2])
    }

    @Test func patternsAreTriedInTheirOrder() {
        var patterns = MetricPatterns([
            Descriptor.Metric(name: "second", pattern: #"b=(\d)"#),
            Descriptor.Metric(name: "first", pattern: #"a=(\d)"#),
            Descriptor.Metric(name: "emitted"),
        ])
        #expect(patterns.values(in: "a=1 b=2").values.map(\.name) == ["second", "first"])
    }

    @Test func aPatternThatIsNoneIsAProblem() {
        let patterns = MetricPatterns([Descriptor.Metric(name: "n", pattern: "(")])
        #expect(patterns.isEmpty)
        #expect(patterns.problems.first?.hasPrefix("the pattern of metric 'n' cannot be used: ") == true)
    }

    @Test func aPatternThatGivesUpAgainAndAgainIsNotTriedAnyMore() {
        var patterns = MetricPatterns([
            Descriptor.Metric(name: "evil", pattern: "(a+)+$"),
            Descriptor.Metric(name: "good", pattern: #"v=(\d)"#),
        ])
        let line = "v=3 " + String(repeating: "a", count: 40) + "!"
        var complaints: [String] = []
        for _ in 1...MetricPatterns.mostFailures + 3 {
            let found = patterns.values(in: line)
            #expect(found.values.map(\.name) == ["good"])
            complaints += found.complaints
        }
        #expect(complaints.count == MetricPatterns.mostFailures)
        #expect(complaints.last?.hasSuffix("it is not tried any more") == true)
    }
}
