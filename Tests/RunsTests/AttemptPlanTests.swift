import Descriptors
import Events
import Runs
import Runtime
import Testing

@Suite struct AttemptPlanTests {
    /// How an attempt may end, as far as the plan is concerned.
    enum End: CaseIterable {
        case success, disturbed, infrastructure, benchmark, timeout, canceled

        var outcome: AttemptOutcome {
            let now = Timestamp(milliseconds: 1000)
            return switch self {
            case .success:
                AttemptOutcome(status: .succeeded, reason: .completed, message: "done", finished: now)
            case .disturbed:
                AttemptOutcome(
                    status: .succeeded, reason: .completed, message: "done", finished: now,
                    disturbances: ["load 7.5 on 2 cores"])
            case .infrastructure:
                AttemptOutcome(
                    status: .error, reason: .vanished, message: "its process vanished",
                    failure: .infrastructure,
                    finished: now)
            case .benchmark:
                AttemptOutcome(
                    status: .failed, reason: .exitCode, message: "exit code 3", failure: .benchmark,
                    finished: now)
            case .timeout:
                AttemptOutcome(
                    status: .timedOut, reason: .runTimeout, message: "ran longer than 1h",
                    failure: .benchmark,
                    finished: now)
            case .canceled:
                AttemptOutcome(
                    status: .canceled, reason: .canceledByUser, message: "canceled", finished: now)
            }
        }
    }

    /// Plays a run whose attempts end as `ends` says, for as long as the plan starts attempts.
    static func play(_ measurement: Descriptor.Measurement, _ ends: [End]) -> (
        finished: [AttemptFinished], collection: AttemptPlan.Collection?
    ) {
        var finished: [AttemptFinished] = []
        for end in ends {
            switch AttemptPlan(measurement, finished: finished).next {
            case .start(let attempt): finished.append(AttemptFinished(attempt: attempt, outcome: end.outcome))
            case .collect(let collection): return (finished, collection)
            }
        }
        if case .collect(let collection) = AttemptPlan(measurement, finished: finished).next {
            return (finished, collection)
        }
        return (finished, nil)
    }

    @Test func warmUpsComeFirstThenRepeats() {
        let (finished, collection) = Self.play(
            .init(repeats: 3, warmup: 2), [.success, .success, .success, .success, .success])
        #expect(finished.map(\.attempt.number) == [1, 2, 3, 4, 5])
        #expect(finished.map(\.attempt.repetition) == [0, 1, 2, 3, 4])
        #expect(finished.map(\.attempt.isWarmup) == [true, true, false, false, false])
        #expect(collection?.accepted == Array(finished.suffix(3)))
        #expect(collection?.problems == [])
        #expect(
            collection?.ending
                == .init(status: .succeeded, reason: .completed, message: "all 3 repeats succeeded"))
    }

    @Test func anInfrastructureFailureIsRetriedInItsOwnRepetition() {
        let (finished, collection) = Self.play(
            .init(repeats: 2, warmup: 1, retries: 2),
            [.infrastructure, .success, .success, .infrastructure, .success])
        #expect(finished.map(\.attempt.repetition) == [0, 0, 1, 2, 2])
        #expect(finished.map(\.attempt.isWarmup) == [true, true, false, false, false])
        #expect(collection?.accepted.map(\.attempt.number) == [3, 5])
        #expect(collection?.ending.status == .succeeded)
    }

    @Test func retriesAreCountedOverTheWholeRun() {
        let (finished, collection) = Self.play(
            .init(repeats: 3, retries: 1), [.infrastructure, .success, .infrastructure, .success])
        #expect(finished.count == 3)
        #expect(
            collection?.ending
                == .init(
                    status: .error, reason: .vanished,
                    message: "repeat 2 of 3 (attempt 3): its process vanished (after 1 retry)"))
        #expect(collection?.accepted.map(\.attempt.number) == [2])
        #expect(collection?.problems == ["repeat 2 of 3 (attempt 3): its process vanished (after 1 retry)"])
    }

    @Test func aBenchmarkFailureEndsTheRunAndLeavesItsResultsInvalid() {
        let (finished, collection) = Self.play(.init(repeats: 3), [.success, .benchmark, .success])
        #expect(finished.count == 2)
        #expect(
            collection?.ending
                == .init(status: .failed, reason: .exitCode, message: "repeat 2 of 3: exit code 3"))
        #expect(collection?.accepted.map(\.attempt.number) == [1])
        #expect(collection?.problems == ["repeat 2 of 3: exit code 3"])
    }

    @Test func aBenchmarkFailureIsRetriedWhereTheDescriptorAsksForIt() {
        let measurement = Descriptor.Measurement(retries: 1, retryOn: [.benchmark])
        #expect(Self.play(measurement, [.benchmark, .success]).collection?.ending.status == .succeeded)
        #expect(Self.play(measurement, [.infrastructure, .success]).finished.count == 1)
    }

    @Test func aFailedRunHasTheStatusOfItsLastAttempt() {
        for (end, status) in [
            (End.timeout, RunStatus.timedOut), (.canceled, .canceled), (.benchmark, .failed),
            (.infrastructure, .error),
        ] {
            #expect(Self.play(.init(retries: 0), [end]).collection?.ending.status == status)
        }
    }

    @Test func disturbedAttemptsAreLeftOutWhileOthersRemain() {
        let (_, collection) = Self.play(.init(repeats: 3), [.success, .disturbed, .success])
        #expect(collection?.accepted.map(\.attempt.number) == [1, 3])
        #expect(collection?.problems == [])
        #expect(
            collection?.ending.message
                == "all 3 repeats succeeded, 2 of them count: repeat 2 of 3 was disturbed: load 7.5 on 2 cores"
        )
    }

    @Test func whereEveryAttemptWasDisturbedTheResultsAreInvalid() {
        let (_, collection) = Self.play(.init(), [.disturbed])
        #expect(collection?.accepted.map(\.attempt.number) == [1])
        #expect(collection?.problems == ["the benchmark was disturbed: load 7.5 on 2 cores"])
        #expect(collection?.ending.status == .succeeded)
        #expect(
            collection?.ending.message
                == "the benchmark succeeded, but its numbers are not to be trusted: the benchmark was disturbed: "
                + "load 7.5 on 2 cores")
    }

    @Test func aCanceledRunKeepsWhatItMeasuredAsInvalid() {
        let measurement = Descriptor.Measurement(repeats: 3)
        let finished = Self.play(measurement, [.success]).finished
        let collection = AttemptPlan(measurement, finished: finished).canceled(because: "canceled by ann")
        #expect(collection.accepted == finished)
        #expect(collection.problems == ["canceled by ann"])
        #expect(
            collection.ending
                == AttemptPlan.Ending(status: .canceled, reason: .canceledByUser, message: "canceled by ann")
        )
    }

    @Test func attemptsAreNamedForWhatTheyAreFor() {
        let plan = AttemptPlan(.init(repeats: 5, warmup: 2))
        #expect(plan.purpose(of: Attempt(number: 1, repetition: 0, isWarmup: true)) == "warm-up 1 of 2")
        #expect(plan.purpose(of: Attempt(number: 4, repetition: 3, isWarmup: false)) == "repeat 2 of 5")
        #expect(
            plan.purpose(of: Attempt(number: 6, repetition: 3, isWarmup: false))
                == "repeat 2 of 5 (attempt 6)")
        #expect(
            AttemptPlan(.init()).purpose(of: Attempt(number: 2, repetition: 0, isWarmup: false))
                == "the benchmark (attempt 2)")
    }

    /// Every way that a run of up to two warm-ups, three repeats and two retries can go.
    @Test(arguments: 0...2, 1...3) func everyRunEndsAndCountsNothingThatDoesNotCount(
        warmup: Int, repeats: Int
    ) {
        let classes: [[Descriptor.FailureClass]] = [
            [], [.infrastructure], [.benchmark], [.infrastructure, .benchmark],
        ]
        for retries in 0...2 {
            for retryOn in classes {
                let measurement = Descriptor.Measurement(
                    repeats: repeats, warmup: warmup, retries: retries, retryOn: retryOn)
                check(measurement, finished: [])
            }
        }
    }

    private func check(_ measurement: Descriptor.Measurement, finished: [AttemptFinished]) {
        switch AttemptPlan(measurement, finished: finished).next {
        case .start(let attempt):
            #expect(attempt.number == finished.count + 1)
            let done = finished.count { $0.outcome.status == .succeeded }
            #expect(attempt.repetition == done)
            #expect(attempt.isWarmup == (done < measurement.warmup))
            #expect(attempt.number <= measurement.warmup + measurement.repeats + measurement.retries)
            for end in End.allCases {
                check(
                    measurement,
                    finished: finished + [AttemptFinished(attempt: attempt, outcome: end.outcome)])
            }
        case .collect(let collection):
            let done = finished.filter { $0.outcome.status == .succeeded }
            let isComplete = done.count == measurement.warmup + measurement.repeats
            #expect(collection.ending.status.isFinal)
            #expect((collection.ending.status == .succeeded) == isComplete)
            #expect(
                collection.accepted.allSatisfy { $0.outcome.status == .succeeded && !$0.attempt.isWarmup })
            let clean = collection.accepted.allSatisfy(\.outcome.disturbances.isEmpty)
            #expect(collection.problems.isEmpty == (isComplete && clean))
            #expect(Set(collection.accepted.map(\.attempt.repetition)).count == collection.accepted.count)
            if !isComplete, let last = finished.last {
                let used = finished.dropLast().count { $0.outcome.status != .succeeded }
                let mayRetry = last.outcome.failure.map(measurement.retryOn.contains) ?? false
                #expect(!mayRetry || used == measurement.retries)
            }
        }
    }
}
