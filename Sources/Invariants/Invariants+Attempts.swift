internal import Descriptors
internal import Events
internal import Runs

extension Invariants {
    /// The attempts are those of the plan, and each was started once at most, in a slot.
    static func attempts(_ evidence: Evidence, _ history: LogHistory) -> [Violation] {
        var found: [Violation] = []
        for (run, told) in history.runs {
            guard let submission = told.submission else { continue }
            found += unplanned(run, told, submission.descriptor.run)
        }
        let starts = Dictionary(grouping: evidence.starts, by: \.self)
        for (start, times) in starts where times.count > 1 {
            found.append(
                Violation(.startedOnce, "\(start.run)/\(start.attempt)", "was started \(times.count) times"))
        }
        found += neverStarted(history, starts: Set(starts.keys), isWitnessed: !evidence.starts.isEmpty)
        return found
            + evidence.crowded.map {
                Violation(.slotsRespected, "\($0.run)/\($0.attempt)", "ran while every slot was another's")
            }
    }

    /// Attempts that are said to have succeeded, but whose program never ran.
    private static func neverStarted(
        _ history: LogHistory, starts: Set<AttemptStart>, isWitnessed: Bool
    ) -> [Violation] {
        guard isWitnessed else { return [] }
        return history.runs.flatMap { run, told in
            told.finished.filter { $0.outcome.status == .succeeded }.map {
                AttemptStart(run: run, attempt: $0.attempt.number)
            }
        }.filter { !starts.contains($0) }.map {
            Violation(.startedOnce, "\($0.run)/\($0.attempt)", "succeeded without ever being started")
        }
    }

    private static func unplanned(
        _ run: String, _ told: LogHistory.Run, _ measurement: Descriptor.Measurement
    ) -> [Violation] {
        var found = repeatedAttempts(run, told)
        let finished = Dictionary(
            told.finished.map { ($0.attempt.number, $0) }, uniquingKeysWith: { first, _ in first })
        let jobs = Dictionary(
            told.jobs.map { ($0.attempt.number, $0.attempt) }, uniquingKeysWith: { first, _ in first })
        var rest = Set(jobs.keys).union(finished.keys)
        var made: [AttemptFinished] = []
        walk: while true {
            switch AttemptPlan(measurement, finished: made).next {
            case .start(let attempt):
                guard rest.remove(attempt.number) != nil else { break walk }
                for made in [jobs[attempt.number], finished[attempt.number]?.attempt]
                where made != nil && made != attempt {
                    found.append(violation(run, attempt, "is another attempt than the plan's"))
                }
                guard let end = finished[attempt.number] else { break walk }
                made.append(end)
            case .collect(let collection):
                if !told.isCanceled { found += differences(run, told, collection) }
                break walk
            }
        }
        for number in rest.sorted() {
            found.append(
                Violation(
                    .attemptsAsPlanned, "\(run)/\(number)",
                    "was made, though the plan asks for no such attempt"))
        }
        return found + unfounded(run, told)
    }

    private static func repeatedAttempts(_ run: String, _ told: LogHistory.Run) -> [Violation] {
        func repeated(_ numbers: [Int], _ what: String) -> [Violation] {
            Dictionary(grouping: numbers, by: \.self).filter { $0.value.count > 1 }.map {
                Violation(.attemptsAsPlanned, "\(run)/\($0.key)", "\(what) \($0.value.count) times")
            }
        }
        return repeated(told.jobs.map(\.attempt.number), "has a job")
            + repeated(told.finished.map(\.attempt.number), "has ended")
    }

    /// Where what was collected, or the run's end, is not what the attempts come to.
    private static func differences(
        _ run: String, _ told: LogHistory.Run, _ plan: AttemptPlan.Collection
    ) -> [Violation] {
        guard let request = told.request else { return [] }
        var found: [Violation] = []
        let (asked, planned) = (request.accepted.map(\.attempt.number), plan.accepted.map(\.attempt.number))
        if asked != planned {
            found.append(
                Violation(.attemptsAsPlanned, run, "collects attempts \(asked), the plan says \(planned)"))
        }
        if let end = told.end, !told.collected.isEmpty, end.status != plan.ending.status {
            found.append(
                Violation(
                    .attemptsAsPlanned, run,
                    "ended \(end.status.rawValue), but its attempts come to \(plan.ending.status.rawValue)"))
        }
        return found
    }

    /// A success or a failure of the benchmark is only told of a run that was collected.
    private static func unfounded(_ run: String, _ told: LogHistory.Run) -> [Violation] {
        guard let end = told.end, [.succeeded, .failed].contains(end.status),
            told.requests.count != 1 || told.collected.count != 1
        else { return [] }
        return [
            Violation(
                .attemptsAsPlanned, run,
                "ended \(end.status.rawValue) with \(told.requests.count) requests to collect it and \(told.collected.count) answers"
            )
        ]
    }

    private static func violation(_ run: String, _ attempt: Attempt, _ message: String) -> Violation {
        Violation(.attemptsAsPlanned, "\(run)/\(attempt.number)", message)
    }
}
