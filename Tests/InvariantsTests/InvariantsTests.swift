import Descriptors
import Events
import Invariants
import JSON
import MessageLog
import MetricStore
import TestSupport
import Testing

/// Each invariant can fail: one thing wrong in a sound tale is found, and called by its name.
@Suite struct InvariantsTests {
    @Test func aSoundTaleViolatesNothing() throws {
        #expect(Invariants.violations(in: try Tale.sound().evidence) == [])
    }

    @Test func aViolationSaysWhatAndWhere() throws {
        var tale = try Tale.sound()
        tale.evidence.starts.append(AttemptStart(run: "run", attempt: 2))
        #expect(
            Invariants.violations(in: tale.evidence).map(\.description) == [
                "started-once: run/2: was started 2 times"
            ])
    }

    @Test func aPromisedRunThatIsNotOnTheLogIsFound() throws {
        var tale = try Tale.sound()
        tale.evidence.promises.append(Promise(run: "lost"))
        tale.evidence.listed?.append("lost")
        #expect(tale.violated == [.acknowledgedOnce])
    }

    @Test func aRunThatWasSubmittedTwiceIsFound() throws {
        var tale = try Tale.sound()
        try tale.tell(RunSubmitted.sample(Tale.measurement), "submitted again")
        #expect(tale.violated == [.acknowledgedOnce])
    }

    @Test func aKeyThatMadeTwoRunsIsFound() throws {
        var tale = try Tale.sound()
        try tale.submit(run: "twin")
        #expect(tale.violated.contains(.acknowledgedOnce))
    }

    @Test func aRunThatIsNotListedIsFound() throws {
        var tale = try Tale.sound()
        tale.evidence.listed = []
        #expect(tale.violated == [.acknowledgedOnce])
    }

    @Test func aRunWithoutAnEndIsFound() throws {
        var tale = Tale()
        try tale.submit()
        try tale.status(.queued, attempt: 1)
        #expect(tale.violated == [.everyRunEnds])
    }

    @Test func anEndThatChangesIsFound() throws {
        var tale = try Tale.sound()
        tale.evidence.sightings.insert(StatusSighting(run: "run", status: .failed), at: 0)
        #expect(tale.violated == [.finalStatusStands])
    }

    @Test func aSecondEndOnTheLogChangesNothing() throws {
        var tale = try Tale.sound()
        try tale.end(.timedOut, by: "watcher")
        #expect(tale.violated == [])
    }

    @Test func anEndThatIsNotTheBenchmarksIsFound() throws {
        var tale = try Tale.sound()
        tale.evidence.promises = [Promise(run: "run", expected: .failed)]
        #expect(tale.violated == [.endsAsExpected])
    }

    @Test func aSuccessThatWasNeverCollectedIsFound() throws {
        var tale = Tale()
        try tale.submit()
        for attempt in Tale.attempts { try tale.attempt(attempt) }
        try tale.end(.succeeded)
        #expect(tale.violated == [.attemptsAsPlanned])
    }

    @Test func anAttemptTooManyIsFound() throws {
        var tale = try Tale.sound()
        var extra = Tale.attempts[2]
        extra.attempt.number = 4
        try tale.attempt(extra)
        #expect(tale.violated.contains(.attemptsAsPlanned))
    }

    @Test func anAttemptThatEndsTwiceIsFound() throws {
        var tale = try Tale.sound()
        try tale.tell(Tale.attempts[1], "told by another name")
        #expect(tale.violated == [.attemptsAsPlanned])
    }

    @Test func anAttemptThatSucceededWithoutEverRunningIsFound() throws {
        var tale = try Tale.sound()
        tale.evidence.starts.removeLast()
        #expect(tale.violated == [.startedOnce])
    }

    @Test func aBenchmarkWithoutASlotIsFound() throws {
        var tale = try Tale.sound()
        tale.evidence.crowded = [AttemptStart(run: "run", attempt: 1)]
        #expect(tale.violated == [.slotsRespected])
    }

    @Test func aPointThatIsMissingIsFound() throws {
        var tale = try Tale.sound()
        tale.evidence.stored["run"]?.points.removeLast()
        #expect(tale.violated == [.measuredOnce, .resultsFollow])
    }

    @Test func aPointThatIsStoredTwiceIsFound() throws {
        var tale = try Tale.sound()
        let last = try #require(tale.evidence.stored["run"]?.points.last)
        tale.evidence.stored["run"]?.points.append(last)
        #expect(tale.violated == [.measuredOnce])
    }

    @Test func aLineThatIsMissingIsFound() throws {
        var tale = try Tale.sound()
        tale.evidence.stored["run"]?.lines.removeLast()
        #expect(tale.violated == [.measuredOnce])
    }

    @Test func aResultOfOtherNumbersIsFound() throws {
        var tale = try Tale.sound()
        tale.evidence.stored["run"]?.points[2].point.value = 999
        #expect(tale.violated == [.measuredOnce, .resultsFollow])
    }

    @Test func aSecondResultIsFound() throws {
        var tale = try Tale.sound()
        try tale.tell(Tale.result("run", [302, 303]), "result/again", key: "series")
        #expect(tale.violated == [.resultsFollow])
    }

    @Test func anAlarmThatWasNeverRaisedIsFound() throws {
        var tale = try Tale.sound()
        tale.evidence.records.removeAll { $0.topic == "alarms" }
        #expect(tale.violated == [.alarmsOnce])
    }

    @Test func anAlarmThatIsRaisedTwiceIsFound() throws {
        var tale = try Tale.sound()
        try tale.tell(AlarmChanged(alarm: Tale.alarm(raisedBy: "run")), "alarm/again", key: "series")
        #expect(tale.violated == [.alarmsOnce])
    }

    @Test func anAlarmWithoutCauseIsFound() throws {
        var tale = try Tale.sound()
        try tale.tell(
            AlarmChanged(alarm: Tale.alarm(raisedBy: "nobody")), "alarm/OPEN", run: "nobody", key: "series")
        #expect(tale.violated == [.alarmsOnce])
    }

    @Test func aMessageThatIsThereTwiceIsFound() throws {
        var tale = try Tale.sound()
        try tale.status(.starting, attempt: 3)
        #expect(tale.violated == [.messagesOnce])
    }

    @Test func garbageThatNobodyPutAsideIsFound() throws {
        var tale = try Tale.sound()
        tale.put([0xff, 0x00], on: "status")
        #expect(tale.violated == [.readableOrBuried])
        try tale.tell(
            DeadLetter(
                service: "executor", topic: "status", partition: 0,
                offset: try #require(tale.evidence.records.last?.offset), key: "run", headers: [:], text: nil,
                bytes: "/wA=", reason: "garbage", tries: 1), "dead")
        #expect(tale.violated == [])
    }

    @Test func aGoodRecordThatWasGivenUpIsFound() throws {
        var tale = try Tale.sound()
        try tale.tell(
            DeadLetter(
                service: "fetcher", topic: "runs", partition: 0, offset: 0, key: "run", headers: [:],
                text: "{}", bytes: nil, reason: "no idea", tries: 5), "dead")
        #expect(tale.violated == [.readableOrBuried])
    }

    @Test func anOffsetThatGoesBackIsFound() throws {
        var tale = try Tale.sound()
        tale.evidence.offsets.reverse()
        #expect(tale.violated == [.offsetsForward])
    }

    @Test func anOffsetBeyondTheEndIsFound() throws {
        var tale = try Tale.sound()
        let runs = TopicPartition(topic: "runs", partition: 0)
        tale.evidence.offsets.append(OffsetSighting(group: "fetcher", offsets: [runs: 7]))
        #expect(tale.violated == [.offsetsForward])
    }

    private static let busy: [(service: String, state: JSONValue)] = [
        ("fetcher", ["fetching": [:]]), ("executor", ["active": [:]]),
        ("executor", ["ended": ["_0": ["unstopped": [:]]]]), ("watcher", ["active": [:]]),
        ("metrics-pusher", ["request": [:]]), ("analyzer", ["deliveries": [[:]]]),
    ]

    @Test(arguments: busy)
    func whatAServiceStillHasInHandIsFound(service: String, state: JSONValue) throws {
        var tale = try Tale.sound()
        try tale.state(service, state)
        #expect(tale.violated == [.nothingInHand])
        tale.put(nil, on: Topic.state(of: service))
        #expect(tale.violated == [])
    }

    @Test(arguments: Leftover.Kind.allCases)
    func whateverIsLeftOverIsFound(kind: Leftover.Kind) throws {
        var tale = try Tale.sound()
        tale.evidence.leftovers = [Leftover(kind, "something")]
        #expect(tale.violated == [.nothingLeftOver])
    }
}
