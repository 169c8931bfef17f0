import Descriptors
import Events
import Runtime
import ServiceLoop
import TestSupport
import Testing

@testable import AnalyzerService

@Suite struct AnalyzerRulesTests {
    /// The analyzer's rules, fed step by step.
    private struct Table {
        var rules = AnalyzerRules(giveUpAfter: .seconds(3600))
        var state: SeriesWatch?
        var now = Given.time
        var last = Decision<SeriesWatch, AnalyzerEffect>(state: nil)

        @discardableResult
        mutating func feed(_ input: Input<AnalyzerSignal>) throws -> Decision<SeriesWatch, AnalyzerEffect> {
            last = try rules.decide(input, state: state, now: now)
            state = last.state
            return last
        }

        @discardableResult
        mutating func feed(_ result: ResultComputed) throws -> [Alarm] {
            try feed(.event(try .sample(result)))
            return alarms
        }

        /// The alarms that the last decision published.
        var alarms: [Alarm] { last.events.compactMap { ($0.payload as? AlarmChanged)?.alarm } }

        /// What the last decision wants delivered.
        var delivered: [Delivery] {
            last.effects.compactMap { if case .deliver(let delivery) = $0 { delivery } else { nil } }
        }
    }

    @Test func aResultBeyondTheThresholdRaisesAnAlarm() throws {
        var table = Table()
        let alarm = try #require(try table.feed(Given.result("r1", [100, 300, 312.4])).first)
        #expect(alarm.state == .open)
        #expect(alarm.message == "latency is 300 ms (median of 3 samples), above 250 ms")
        #expect(alarm.run == "r1")
        #expect(alarm.value == 300)
        #expect(alarm.opened == Given.time)
        #expect(table.last.effects.isEmpty, "nobody is told before it is published")
        #expect(table.last.wake == table.now)
        #expect(table.last.events.map(\.name) == ["alarm/\(alarm.id)/OPEN"])
    }

    @Test func anOpenAlarmIsNotRaisedAgain() throws {
        var table = Table()
        let first = try table.feed(Given.result("r1", [300]))
        #expect(try table.feed(Given.result("r2", [400])) == [])
        #expect(try table.feed(Given.result("r1", [300])) == [])
        #expect(table.state?.alarms == first)
        #expect(table.state?.deliveries.count == 1)
    }

    @Test func theNextFineRunResolvesIt() throws {
        var table = Table()
        let raised = try #require(try table.feed(Given.result("r1", [300])).first)
        let resolved = try #require(try table.feed(Given.result("r2", [250])).first)
        #expect(resolved.id == raised.id)
        #expect(resolved.state == .resolved)
        #expect(resolved.message == "latency is 250 ms (one sample), no longer above 250 ms")
        #expect(resolved.run == "r1")
        #expect(resolved.value == 300)
        #expect(resolved.resolvedBy == "r2")
        #expect(table.state?.deliveries.map(\.alarm.state) == [.open, .resolved])
    }

    @Test func aResultThatComesAgainAfterTheEndRaisesNothing() throws {
        var table = Table()
        try table.feed(Given.result("r1", [300]))
        try table.feed(Given.result("r2", [200]))
        #expect(try table.feed(Given.result("r1", [300])) == [])
        #expect(try table.feed(Given.result("r3", [300])).map(\.state) == [.open])
    }

    @Test func whatIsNotValidNeitherRaisesNorResolves() throws {
        var table = Table()
        #expect(try table.feed(Given.result("r1", [300], isValid: false)) == [])
        #expect(table.state == nil)
        try table.feed(Given.result("r2", [300]))
        #expect(try table.feed(Given.result("r3", [100], isValid: false)) == [])
        #expect(table.state?.alarms.map(\.state) == [.open])
    }

    @Test func eachRuleHasItsOwnAlarm() throws {
        let rules = [
            Descriptor.Alarm(metric: "latency", above: 250, severity: .warning),
            Descriptor.Alarm(metric: "latency", above: 500, severity: .critical),
            Descriptor.Alarm(metric: "latency", below: 10, statistic: .min),
        ]
        var table = Table()
        let raised = try table.feed(Given.result("r1", [5, 300, 300], rules: rules))
        #expect(raised.map(\.rule.above) == [250, nil])
        #expect(Set(raised.map(\.id)).count == 2)
        #expect(raised.last?.message == "latency is 5 ms (min of 3 samples), below 10 ms")
        let changed = try table.feed(Given.result("r2", [600, 600, 600], rules: rules))
        #expect(changed.map(\.state) == [.open, .resolved])
        #expect(changed.map(\.rule.severity) == [.critical, .warning])
    }

    @Test(arguments: [
        (Descriptor.Statistic.median, 20.0), (.mean, 25), (.min, 10), (.max, 50), (.last, 25),
    ])
    func theRuleSaysWhichStatistic(_ statistic: Descriptor.Statistic, value: Double) throws {
        let rule = Descriptor.Alarm(metric: "latency", above: 1, statistic: statistic)
        var table = Table()
        let samples: [Double] = [10, 20, 50, 20, 25]
        #expect(try table.feed(Given.result("r", samples, rules: [rule])).map(\.value) == [value])
    }

    @Test func regressionsAreLeftToTheChangePoints() throws {
        let rule = Descriptor.Alarm(
            metric: "latency", regression: Percentage("5%"), notify: ["webhook:team"])
        var table = Table()
        #expect(try table.feed(Given.result("r1", [1e9], rules: [rule])) == [])
        #expect(table.state == nil)
    }

    @Test func aThresholdThatIsGoneFromTheDescriptorIsOver() throws {
        var table = Table()
        try table.feed(Given.result("r1", [300]))
        let changed = try table.feed(
            Given.result("r2", [300], rules: [.init(metric: "latency", above: 280, notify: ["log"])]))
        #expect(changed.map(\.state) == [.resolved, .open])
        #expect(
            changed.first?.message.hasSuffix("the descriptor does not set this threshold any more") == true)
        let removed = try table.feed(Given.result("r3", [300], rules: []))
        #expect(removed.map(\.state) == [.resolved])
    }

    @Test func oneThresholdInTwoRulesIsOneAlarmAndTellsBoth() throws {
        let rules = [
            Descriptor.Alarm(metric: "latency", above: 250, notify: ["log", "webhook:a"]),
            Descriptor.Alarm(metric: "latency", above: 250, notify: ["webhook:b", "log"]),
        ]
        var table = Table()
        #expect(try table.feed(Given.result("r1", [300], rules: rules)).count == 1)
        #expect(table.state?.deliveries.map(\.channel) == ["log", "webhook:a", "webhook:b"])
    }

    @Test func withoutThresholdsNothingIsInHand() throws {
        var table = Table()
        #expect(try table.feed(Given.result("r1", [300], rules: [])) == [])
        #expect(table.state == nil)
    }

    @Test func aNoticeIsTriedUntilItIsTaken() throws {
        var table = Table()
        try table.feed(Given.result("r1", [300]))
        try table.feed(.wake)
        let first = try #require(table.delivered.first)
        #expect(first.tries == 1)
        #expect(try table.feed(.wake).effects == [], "one try at a time")
        try table.feed(.signal(.notDelivered(first.id, reason: "down", isTransient: true)))
        let wake = try #require(table.last.wake)
        #expect((table.now + .milliseconds(500)...table.now + .seconds(1)).contains(wake))
        table.now = wake
        try table.feed(.wake)
        #expect(table.delivered.map(\.id) == [first.id])
        #expect(table.delivered.map(\.tries) == [2])
        try table.feed(.signal(.delivered(first.id)))
        #expect(table.state?.deliveries == [])
        #expect(table.last.wake == nil)
        #expect(table.state?.alarms.map(\.state) == [.open])
    }

    @Test func theWaitsBetweenTriesGrow() throws {
        var table = Table()
        table.rules.giveUpAfter = .seconds(1_000_000)
        try table.feed(Given.result("r1", [300]))
        var waits: [Duration] = []
        for _ in 1...12 {
            try table.feed(.wake)
            let delivery = try #require(table.delivered.first)
            try table.feed(.signal(.notDelivered(delivery.id, reason: "down", isTransient: true)))
            let wake = try #require(table.last.wake)
            waits.append(wake - table.now)
            table.now = wake
        }
        #expect(waits[0] <= .seconds(1))
        #expect(waits[4] >= .seconds(8))
        #expect(waits.allSatisfy { $0 <= .seconds(300) })
        #expect(waits[11] >= .seconds(150))
    }

    @Test func aNoticeThatNobodyTakesInTimeIsGivenUpAndSaid() throws {
        var table = Table()
        let raised = try #require(try table.feed(Given.result("r1", [300])).first)
        try table.feed(.wake)
        let delivery = try #require(table.delivered.first)
        table.now = table.now + .seconds(3600)
        try table.feed(.signal(.notDelivered(delivery.id, reason: "down", isTransient: true)))
        #expect(table.alarms.map(\.id) == [raised.id])
        #expect(table.alarms.map(\.state) == [.open])
        #expect(table.alarms.first?.problems == ["nobody was told of it: down"])
        #expect(table.last.effects == [.reportUndelivered(delivery, reason: "down")])
        #expect(table.state?.deliveries == [])
    }

    @Test func aChannelThatWillNeverTakeItIsNotTriedAgain() throws {
        var table = Table()
        try table.feed(Given.result("r1", [300]))
        try table.feed(.wake)
        let delivery = try #require(table.delivered.first)
        try table.feed(.signal(.notDelivered(delivery.id, reason: "unknown", isTransient: false)))
        #expect(table.state?.deliveries == [])
        #expect(table.alarms.first?.problems == ["nobody was told of it: unknown"])
        #expect(table.state?.alarms.first?.problems.count == 1, "a later change keeps it")
    }

    @Test func aProblemDoesNotReopenAnAlarmThatWasResolvedMeanwhile() throws {
        var table = Table()
        try table.feed(Given.result("r1", [300]))
        try table.feed(.wake)
        let delivery = try #require(table.delivered.first)
        try table.feed(Given.result("r2", [100]))
        try table.feed(.signal(.notDelivered(delivery.id, reason: "no", isTransient: false)))
        #expect(table.alarms.map(\.state) == [.resolved])
    }

    @Test func nobodyHearsOfTheEndBeforeTheBeginning() throws {
        var table = Table()
        try table.feed(Given.result("r1", [300]))
        try table.feed(.wake)
        let opened = try #require(table.delivered.first)
        try table.feed(Given.result("r2", [100]))
        #expect(try table.feed(.wake).effects == [])
        try table.feed(.signal(.delivered(opened.id)))
        #expect(table.last.wake == table.now)
        try table.feed(.wake)
        #expect(table.delivered.map(\.alarm.state) == [.resolved])
        #expect(table.delivered.first?.id != opened.id)
        try table.feed(.signal(.delivered(table.delivered[0].id)))
        #expect(table.state?.alarms == [], "of a resolved alarm that everybody knows nothing is kept")
    }

    @Test func aChannelThatIsDownHoldsUpNoOther() throws {
        let rule = Descriptor.Alarm(metric: "latency", above: 250, notify: ["webhook:down", "log"])
        var table = Table()
        try table.feed(Given.result("r1", [300], rules: [rule]))
        try table.feed(.wake)
        #expect(table.delivered.map(\.channel) == ["webhook:down", "log"])
        try table.feed(Given.result("r2", [100], rules: [rule]))
        let log = try #require(table.state?.deliveries.first { $0.channel == "log" })
        try table.feed(.signal(.delivered(log.id)))
        try table.feed(.wake)
        #expect(table.delivered.map(\.channel) == ["log"])
    }

    @Test func afterAStartWhatWasUnderWayIsTriedAgainAtOnce() throws {
        var table = Table()
        try table.feed(Given.result("r1", [300]))
        try table.feed(.wake)
        let delivery = try #require(table.delivered.first)
        try table.feed(.restored)
        #expect(table.delivered.map(\.id) == [delivery.id])
        // One that waits for its time goes on waiting.
        try table.feed(.signal(.notDelivered(delivery.id, reason: "down", isTransient: true)))
        let wake = table.last.wake
        #expect(try table.feed(.restored).effects == [])
        #expect(table.last.wake == wake)
    }

    @Test func aTryThatNeverReportsIsMadeAgain() throws {
        var table = Table()
        try table.feed(Given.result("r1", [300]))
        try table.feed(.wake)
        #expect(table.last.wake == table.now + AnalyzerRules.tryLimit)
        table.now = table.now + AnalyzerRules.tryLimit
        try table.feed(.wake)
        #expect(table.delivered.count == 1)
    }

    @Test func noMoreNoticesWaitThanTheLimit() throws {
        var table = Table()
        for number in 0..<40 {
            try table.feed(Given.result("bad\(number)", [300]))
            try table.feed(Given.result("good\(number)", [100]))
        }
        #expect(table.state?.deliveries.count == SeriesWatch.deliveryLimit)
        #expect(table.state?.deliveries.last?.alarm.run == "bad39")
        #expect(table.last.effects.count == 1)
        #expect((table.state?.judged.count ?? 0) <= SeriesWatch.judgedLimit)
    }

    @Test func theSameDecisionTakenTwiceIsTheSame() throws {
        var one = Table()
        var two = Table()
        #expect(
            try one.feed(Given.result("r1", [300])) == two.feed(Given.result("r1", [300])))
        #expect(one.state == two.state)
        #expect(one.state?.alarms.first?.id == "520743efa58a8c83")
    }
}
