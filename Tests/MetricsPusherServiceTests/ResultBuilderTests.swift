import Descriptors
import Events
import JSON
import MetricStore
import Runtime
import Testing

@testable import MetricsPusherService

@Suite struct ResultBuilderTests {
    @Test func aSampleIsTheMedianOfAnAttemptsPoints() throws {
        let request = Given.request([Given.attempt(1), Given.attempt(2), Given.attempt(3)])
        let report = Given.report(
            request,
            [
                1: [Given.point(1, "t", 10), Given.point(2, "t", 30), Given.point(3, "t", 11)],
                2: [Given.point(1, "t", 12), Given.point(2, "t", 14)],
                3: [Given.point(1, "t", 18)],
            ])
        let result = try #require(report.results.first)
        #expect(result.samples == [11, 13, 18])
        #expect(result.median == 13)
        #expect(result.mean == 14)
        #expect(result.minimum == 11)
        #expect(result.maximum == 18)
        #expect(result.pointCount == 6)
        #expect(result.finished == Given.time + .seconds(3))
        // Student's t with two degrees of freedom: 14 ± 4.302652729749462 × 3.605551275463989 / √3 (SciPy 1.17).
        let interval = try #require(result.interval)
        #expect(abs(interval.low - 5.0433141049704) < 1e-12)
        #expect(abs(interval.high - 22.9566858950296) < 1e-12)
        #expect(result.isValid)
        #expect(result.problems == [])
        #expect(report.collected == RunCollected(metricCount: 9, logCount: 6, resultCount: 1))
    }

    @Test func sixSamplesHaveAnIntervalOfTheMedian() throws {
        let attempts = (1...6).map { Given.attempt($0, metrics: 1) }
        let points = Dictionary(
            uniqueKeysWithValues: (1...6).map { ($0, [Given.point(1, "t", Double($0 * $0))]) })
        let result = try #require(Given.report(Given.request(attempts), points).results.first)
        #expect(result.interval == ConfidenceInterval(low: 1, high: 36))
        #expect(result.median == 12.5)
    }

    @Test func oneSampleHasNoInterval() throws {
        let result = try #require(
            Given.report(Given.request([Given.attempt(1)]), [1: [Given.point(1, "t", 5)]]).results.first)
        #expect(result.interval == nil)
        #expect(result.samples == [5])
    }

    @Test func unitAndDirectionAreTheDescriptors() throws {
        let alarm = Descriptor.Alarm(metric: "t", above: 5)
        let request = Given.request(
            [Given.attempt(1)], metrics: [.init(name: "t", units: "ms", direction: .lower)],
            alarms: [alarm, .init(metric: "other", below: 1)])
        let report = Given.report(
            request, [1: [Given.point(1, "t", 5, unit: "ms"), Given.point(2, "other", 2, unit: "s")]])
        #expect(report.results.map(\.series.metric) == ["other", "t"])
        #expect(report.results.map(\.series.unit) == ["s", "ms"])
        #expect(report.results.map(\.direction) == [.none, .lower])
        #expect(report.results.last?.rules == [alarm])
        #expect(report.results.map(\.isValid) == [true, true])
    }

    @Test func unitsThatContradictEachOtherAreAProblem() {
        let declared = Given.request([Given.attempt(1)], metrics: [.init(name: "t", units: "ms")])
        #expect(
            Given.report(declared, [1: [Given.point(1, "t", 5, unit: "s")]]).results.first?.problems
                == ["t: declared in ms, reported in s"])
        let points = [1: [Given.point(1, "t", 5, unit: "s"), Given.point(2, "t", 5, unit: "ms")]]
        #expect(
            Given.report(Given.request([Given.attempt(1)]), points).results.first?.problems
                == ["t: reported in several units: ms, s"])
    }

    @Test func lostPointsMakeEveryResultInvalid() {
        let attempts = [Given.attempt(1), Given.attempt(2)]
        var streams = Given.whole(attempts)
        streams[2].count = 1
        let report = Given.report(
            Given.request(attempts), [1: [Given.point(1, "t", 1)], 2: [Given.point(1, "t", 1)]],
            streams: streams)
        #expect(report.results.map(\.isValid) == [false])
        #expect(report.results.first?.problems == ["attempt 2: 2 of 3 metric points never arrived"])
        #expect(report.collected.problems == ["attempt 2: 2 of 3 metric points never arrived"])
    }

    @Test func aStreamOfWhichNothingCameIsMissed() {
        let report = Given.report(Given.request([Given.attempt(1)]), [:], streams: [])
        #expect(report.collected.problems == ["attempt 1: 3 of 3 metric points never arrived"])
        #expect(report.collected.warnings == ["attempt 1: 2 log lines never arrived"])
    }

    @Test func whatTheClientLibraryDroppedMakesResultsInvalid() {
        var streams = Given.whole([Given.attempt(1)])
        streams[0].dropped = 7
        let report = Given.report(
            Given.request([Given.attempt(1)]), [1: [Given.point(1, "t", 1)]], streams: streams)
        #expect(
            report.results.first?.problems == ["attempt 1: the client library dropped 7 metric points"])
    }

    @Test func theExecutorsProblemsAreEveryResults() {
        let report = Given.report(
            Given.request([Given.attempt(1)], problems: ["repeat 2 of 2: exit code 3"], repeats: 2),
            [1: [Given.point(1, "t", 1)]])
        #expect(report.results.first?.isValid == false)
        #expect(report.results.first?.problems == ["repeat 2 of 2: exit code 3"])
        #expect(report.collected.problems == ["repeat 2 of 2: exit code 3"])
        #expect(report.collected.warnings == [])
    }

    @Test func disturbancesAreWarnings() {
        let report = Given.report(
            Given.request([Given.attempt(1, disturbances: ["load 3.2 on 2 cores"])], repeats: 3),
            [1: [Given.point(1, "t", 1)]])
        let expected = [
            "1 of 3 repeats count: the others were disturbed", "attempt 1: load 3.2 on 2 cores",
        ]
        #expect(report.results.first?.isValid == true)
        #expect(report.results.first?.warnings == expected)
        #expect(report.collected.warnings == expected)
    }

    @Test func aDeclaredMetricThatNeverCameIsAProblem() {
        let request = Given.request(
            [Given.attempt(1)],
            metrics: [.init(name: "seen"), .init(name: "unseen"), .init(name: "printed", pattern: "x=(.*)")])
        let report = Given.report(request, [1: [Given.point(1, "seen", 1)]])
        #expect(report.results.map(\.isValid) == [true])
        #expect(
            report.collected.problems == [
                "unseen: declared in [[output.metrics]], but never reported",
                "printed: declared in [[output.metrics]], but never reported: "
                    + "no line of its output matched the pattern",
            ])
    }

    @Test func withoutAMeasuredAttemptNothingIsMissed() {
        let request = Given.request([], problems: ["exit code 3"], metrics: [.init(name: "t")], repeats: 1)
        let report = Given.report(request, [:])
        #expect(report.results == [])
        #expect(report.collected.problems == ["exit code 3"])
    }

    @Test func warmUpsGiveNoSample() {
        let request = Given.request([Given.attempt(1, isWarmup: true), Given.attempt(2)], repeats: 1)
        let report = Given.report(request, [1: [Given.point(1, "t", 100)], 2: [Given.point(1, "t", 1)]])
        #expect(report.results.map(\.samples) == [[1]])
    }

    @Test func anAttemptWithoutTheMetricIsAProblem() {
        let report = Given.report(
            Given.request([Given.attempt(1), Given.attempt(2), Given.attempt(3)]),
            [1: [Given.point(1, "t", 4)]])
        #expect(report.results.first?.samples == [4])
        #expect(report.results.first?.problems == ["t: attempts 2, 3 reported no value of it"])
    }

    @Test func valuesThatAreNoNumbersAreLeftOutAndSaid() {
        let points = [1: [Given.point(1, "t", .nan), Given.point(2, "t", 4), Given.point(3, "u", .infinity)]]
        let report = Given.report(Given.request([Given.attempt(1)]), points)
        #expect(report.results.map(\.series.metric) == ["t"])
        #expect(report.results.first?.samples == [4])
        #expect(report.results.first?.pointCount == 2)
        #expect(report.results.first?.problems == ["t: 1 of its values are not finite numbers"])
        #expect(
            report.collected.problems == [
                "t: 1 of its values are not finite numbers", "u: none of its values is a finite number",
            ])
    }

    @Test func labelsTellSeriesApart() throws {
        let request = Given.request(
            [Given.attempt(1)], metrics: [.init(name: "t", labels: ["query"])], labels: ["team": "x"],
            parameters: ["batch": 32, "mode": "fast"])
        let points = [
            Given.point(1, "t", 1, labels: ["query": "a", "step": "1"]),
            Given.point(2, "t", 3, labels: ["query": "a", "step": "2"]),
            Given.point(3, "t", 9, labels: ["query": "b"]),
        ]
        let results = Given.report(request, [1: points]).results
        #expect(results.map(\.samples) == [[2], [9]])
        #expect(
            results.map(\.series.labels) == [
                ["team": "x", "batch": "32", "mode": "fast", "query": "a"],
                ["team": "x", "batch": "32", "mode": "fast", "query": "b"],
            ])
        #expect(Set(results.map(\.series.id)).count == 2)
        #expect(results.first?.labels == ["team": "x"])
    }

    @Test func attemptsInDifferentEnvironmentsAreNotOneResult() {
        let attempts = [
            Given.attempt(1, environment: ["cpu_model": "A", "cpu_governor": "performance"]),
            Given.attempt(2, environment: ["cpu_model": "B", "cpu_governor": "powersave"]),
        ]
        let report = Given.report(
            Given.request(attempts), [1: [Given.point(1, "t", 1)], 2: [Given.point(1, "t", 1)]])
        #expect(
            report.results.first?.problems
                == ["attempts 1 and 2 ran in different environments: cpu_governor, cpu_model"])
    }

    @Test func theSameRunGivesTheSameReport() {
        let request = Given.request([Given.attempt(1), Given.attempt(2)])
        let points = [
            1: (1...3).map { Given.point($0, "m\($0)", 1) }, 2: (1...3).map { Given.point($0, "m\($0)", 2) },
        ]
        #expect(Given.report(request, points) == Given.report(request, points))
    }
}
