import Events
import MetricStore
import Runtime
import TestSupport
import Testing

@testable import MetricsPusherService

/// The pusher in its loop, over a log and a store.
@Suite struct MetricsPusherTests {
    /// A log, a store that can be made to fail, and the pusher over both.
    private struct Fixture {
        let folder: TemporaryFolder
        let stage: ServiceStage
        let store: FlakyStore
        let pusher: MetricsPusher

        init(partitions: Int = 2) async throws {
            folder = try TemporaryFolder()
            stage = try await ServiceStage(services: "metrics-pusher", partitions: partitions)
            store = FlakyStore(try SQLiteMetricStore(path: folder.file("store.db")))
            pusher = MetricsPusher(
                store: store, output: StructuredLog(service: "metrics-pusher", write: { _ in }))
        }

        func send(_ payloads: any EventPayload..., to run: String = "run") async throws {
            for payload in payloads { try await stage.send(payload, to: run) }
        }

        func collected(_ run: String = "run") async throws -> [RunCollected] {
            try await stage.payloads(RunCollected.self, of: run)
        }

        /// Waits for the run to be collected, and notes a failure if it never is.
        func waitUntilCollected(sourceLocation: SourceLocation = #_sourceLocation) async throws {
            let isCollected = try await eventually { try await collected().count == 1 }
            #expect(isCollected, sourceLocation: sourceLocation)
        }

        func results(_ run: String = "run") async throws -> [ResultComputed] {
            try await stage.events(on: .results).map { try $0.payload(as: ResultComputed.self) }
                .filter { $0.run == run }
        }

        /// All that one attempt gives: three points, two lines, and their ends.
        func sendAttempt(_ number: Int, value: Double, to run: String = "run") async throws {
            try await send(
                Given.points(number, [Given.point(1, "t", value), Given.point(2, "t", value + 2)]),
                Given.lines(number, ["a", "b"]), Given.points(number, [Given.point(3, "t", value + 1)]),
                Given.metricsEnd(number, 3), Given.linesEnd(number, 2), to: run)
        }
    }

    private let attempts = [Given.attempt(1), Given.attempt(2)]

    @Test func aRunIsCollectedWhenEverythingOfItIsStored() async throws {
        let fixture = try await Fixture()
        try await fixture.stage.running(fixture.pusher) {
            try await fixture.sendAttempt(1, value: 10)
            try await fixture.sendAttempt(2, value: 20)
            try await fixture.send(attempts[0], attempts[1], Given.request(attempts))
            try await fixture.waitUntilCollected()
        }
        let result = try #require(try await fixture.results().first)
        #expect(result.samples == [11, 21])
        #expect(result.isValid)
        #expect(
            try await fixture.collected()
                == [RunCollected(metricCount: 6, logCount: 4, resultCount: 1)])
        #expect(try await fixture.store.results(of: "run") == [result])
        #expect(try await fixture.store.lines(of: "run", LineQuery()).items.count == 4)
        let event = try #require(try await fixture.stage.events(on: .results).first)
        #expect(event.messageID == "run/metrics-pusher/result/\(result.series.id)")
    }

    @Test func theLastMetricIsWaitedFor() async throws {
        let fixture = try await Fixture()
        try await fixture.stage.running(fixture.pusher) {
            try await fixture.sendAttempt(1, value: 10)
            try await fixture.send(
                attempts[1], Given.request(attempts), Given.points(2, [Given.point(1, "t", 20)]),
                Given.linesEnd(2, 0))
            #expect(
                try await eventually {
                    try await fixture.store.points(of: "run", PointQuery()).items.count == 4
                })
            #expect(try await fixture.collected().isEmpty)
            try await fixture.send(
                Given.points(2, [Given.point(2, "t", 20), Given.point(3, "t", 20)]), Given.metricsEnd(2, 3))
            try await fixture.waitUntilCollected()
        }
        #expect(try await fixture.results().map(\.samples) == [[11, 20]])
    }

    @Test func whatIsDeliveredTwiceCountsOnce() async throws {
        let fixture = try await Fixture()
        try await fixture.stage.running(fixture.pusher) {
            for _ in 0..<2 {
                try await fixture.sendAttempt(1, value: 10)
                try await fixture.sendAttempt(2, value: 20)
            }
            try await fixture.send(attempts[0], attempts[0], attempts[1], Given.request(attempts))
            try await fixture.waitUntilCollected()
        }
        #expect(try await fixture.results().map(\.pointCount) == [6])
        #expect(try await fixture.results().map(\.isValid) == [true])
    }

    // After the commit nothing can fail but the whole process; that is the end-to-end tests' to try.
    @Test(arguments: ["before-take", "after-take", "before-effect", "after-effect", "before-commit"])
    func aPusherThatFailsAnywhereStillCollectsOnce(_ point: String) async throws {
        let fixture = try await Fixture(partitions: 1)
        try await fixture.sendAttempt(1, value: 10)
        try await fixture.send(attempts[0], Given.request([attempts[0]]))
        for pass in 1...3 {
            let failPoints = FailPoints("metrics-pusher.\(point):error@\(pass)")
            // The loop may end by the injected error: it is started again, as the supervisor would.
            _ = try? await fixture.stage.running(fixture.pusher, failPoints: failPoints) {
                _ = try await eventually(within: .milliseconds(300)) {
                    try await fixture.collected().count == 1
                }
            }
        }
        try await fixture.stage.running(fixture.pusher) {
            try await fixture.waitUntilCollected()
        }
        #expect(try await fixture.collected().count == 1)
        #expect(try await fixture.results().map(\.samples) == [[11]])
        #expect(try await fixture.store.points(of: "run", PointQuery()).items.count == 3)
    }

    @Test func aPusherThatWasStoppedGoesOnWhereItWas() async throws {
        let fixture = try await Fixture()
        try await fixture.stage.running(fixture.pusher) {
            try await fixture.send(Given.points(1, [Given.point(1, "t", 5)]), Given.request([attempts[0]]))
            #expect(
                try await eventually {
                    try await fixture.store.points(of: "run", PointQuery()).items.count == 1
                })
        }
        try await fixture.send(
            Given.points(1, [Given.point(2, "t", 5), Given.point(3, "t", 8)]), Given.metricsEnd(1, 3),
            Given.lines(1, ["x", "y"]), Given.linesEnd(1, 2))
        try await fixture.stage.running(fixture.pusher) {
            try await fixture.waitUntilCollected()
        }
        #expect(try await fixture.results().map(\.samples) == [[5]])
        #expect(try await fixture.results().map(\.pointCount) == [3])
    }

    @Test func aStoreThatIsAwayLosesNothing() async throws {
        let fixture = try await Fixture()
        fixture.store.fail(40)
        try await fixture.stage.running(fixture.pusher) {
            try await fixture.sendAttempt(1, value: 10)
            try await fixture.send(attempts[0], Given.request([attempts[0]]))
            #expect(await eventually { fixture.store.failuresLeft == 0 })
            try await fixture.waitUntilCollected()
        }
        #expect(try await fixture.results().map(\.pointCount) == [3])
        #expect(try await fixture.stage.events(on: .deadletter).isEmpty)
    }

    @Test func aGapIsAProblemAndNoReasonToWait() async throws {
        let fixture = try await Fixture()
        try await fixture.stage.running(fixture.pusher) {
            try await fixture.send(
                Given.points(1, [Given.point(1, "t", 5), Given.point(3, "t", 8)]), Given.metricsEnd(1, 3),
                Given.linesEnd(1, 2), Given.lines(1, ["x", "y"]), attempts[0], Given.request([attempts[0]]))
            try await fixture.waitUntilCollected()
        }
        #expect(
            try await fixture.collected().first?.problems
                == ["attempt 1: 1 of 3 metric points never arrived"])
        #expect(try await fixture.results().map(\.isValid) == [false])
    }

    @Test func anAgentThatDiedDoesNotBlockItsRun() async throws {
        let fixture = try await Fixture()
        let dead = Given.attempt(1, metrics: nil, lines: nil, status: .error)
        try await fixture.stage.running(fixture.pusher) {
            try await fixture.send(Given.points(1, [Given.point(1, "t", 99)]), dead)
            try await fixture.sendAttempt(2, value: 20)
            try await fixture.send(attempts[1], Given.request([attempts[1]]))
            try await fixture.waitUntilCollected()
        }
        #expect(try await fixture.results().map(\.samples) == [[21]])
        let accepted = try await fixture.store.points(of: "run", PointQuery(attempt: 1)).items
        #expect(accepted.map(\.isAccepted) == [false])
    }

    @Test func aFailedAttemptsLastWordsAreWaitedForAWhile() async throws {
        let fixture = try await Fixture()
        let failed = Given.attempt(1, status: .failed)
        let time = ManualTime()
        try await fixture.stage.running(fixture.pusher, time: time) {
            try await fixture.send(failed, Given.request([], problems: ["exit code 3"], repeats: 1))
            #expect(
                try await eventually { try await fixture.store.attempts(of: "run").count == 1 })
            #expect(try await fixture.collected().isEmpty)
            #expect(
                try await eventually {
                    time.advance(by: .seconds(1))
                    return try await fixture.collected().count == 1
                })
        }
        #expect(try await fixture.collected().first?.problems == ["exit code 3"])
    }

    @Test func theEndOfARunLetsItsCollectionGo() async throws {
        let fixture = try await Fixture()
        try await fixture.stage.running(fixture.pusher) {
            try await fixture.send(
                Given.request([attempts[0]]), StatusChanged(status: .timedOut, message: "", attempt: 1))
            // What comes after the end is stored all the same, and asks for nothing more.
            try await fixture.sendAttempt(1, value: 10)
            #expect(
                try await eventually {
                    try await fixture.store.streams(of: "run").compactMap(\.announced).count == 2
                })
        }
        #expect(try await fixture.collected().isEmpty)
        #expect(try await fixture.results().isEmpty)
    }

    @Test func aDeletedRunLeavesNothingInTheStore() async throws {
        let fixture = try await Fixture()
        try await fixture.stage.running(fixture.pusher) {
            try await fixture.sendAttempt(1, value: 10)
            try await fixture.send(attempts[0], Given.request([attempts[0]]))
            try await fixture.waitUntilCollected()
            try await fixture.send(Command(kind: .delete))
            try await fixture.send(Given.points(1, [Given.point(9, "t", 1)]))
            #expect(try await eventually { try await fixture.store.streams(of: "run").isEmpty })
        }
        #expect(try await fixture.store.points(of: "run", PointQuery()).items.isEmpty)
        #expect(try await fixture.store.results(of: "run").isEmpty)
    }

    @Test func whatComesTogetherIsWrittenTogether() async throws {
        let fixture = try await Fixture(partitions: 1)
        for number in 1...100 {
            try await fixture.send(Given.points(1, [Given.point(Int64(number), "t", 1)]))
        }
        try await fixture.stage.running(fixture.pusher) {
            let isThere = try await eventually {
                try await fixture.store.streams(of: "run").first?.count == 100
            }
            #expect(isThere)
        }
        #expect(fixture.store.writes <= 5, "a hundred records took \(fixture.store.writes) transactions")
    }
}
