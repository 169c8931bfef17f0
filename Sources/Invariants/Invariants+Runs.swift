internal import Descriptors
internal import Events
internal import Runs

extension Invariants {
    /// Each promised id is on the log once; a key has made the runs of one request.
    static func acknowledgements(_ evidence: Evidence, _ history: LogHistory) -> [Violation] {
        var found: [Violation] = []
        for promise in evidence.promises {
            let count = history.runs[promise.run]?.submissions.count ?? 0
            if count != 1 {
                found.append(
                    Violation(.acknowledgedOnce, promise.run, "was submitted \(count) times on the log"))
            }
        }
        found += listing(evidence)
        var made: [String: [String]] = [:]
        for (run, told) in history.runs {
            guard let submission = told.submission, let key = submission.idempotencyKey else { continue }
            made["\(key)/\(submission.sweep?.index ?? 0)", default: []].append(run)
        }
        for (key, runs) in made where runs.count > 1 {
            found.append(
                Violation(.acknowledgedOnce, "key \(key)", "made \(runs.sorted().joined(separator: " and "))")
            )
        }
        return found
    }

    /// Promised runs that the API does not list, or lists twice.
    private static func listing(_ evidence: Evidence) -> [Violation] {
        guard let listed = evidence.listed else { return [] }
        let counts = Dictionary(grouping: listed, by: \.self).mapValues(\.count)
        return evidence.promises.filter { counts[$0.run] != 1 }.map {
            Violation(.acknowledgedOnce, $0.run, "is listed \(counts[$0.run] ?? 0) times")
        }
    }

    /// Every submitted run ends, as expected, and what was told of its end stands.
    static func endings(_ evidence: Evidence, _ history: LogHistory) -> [Violation] {
        var found: [Violation] = []
        for (run, told) in history.runs where !told.submissions.isEmpty && told.end == nil {
            let status = told.machine?.status ?? .submitted
            found.append(
                Violation(.everyRunEnds, run, "is still \(status.rawValue): \(told.machine?.message ?? "")"))
        }
        var seen: [String: RunStatus] = [:]
        for sighting in evidence.sightings where sighting.status.isFinal {
            if let earlier = seen[sighting.run], earlier != sighting.status {
                found.append(
                    Violation(
                        .finalStatusStands, sighting.run,
                        "was told to be \(earlier.rawValue), and \(sighting.status.rawValue) later"))
            }
            seen[sighting.run] = sighting.status
        }
        for (run, status) in seen where status != history.runs[run]?.end?.status {
            let end = history.runs[run]?.end?.status.rawValue ?? "not ended"
            found.append(
                Violation(
                    .finalStatusStands, run, "was told to be \(status.rawValue), but is \(end) on the log"))
        }
        return found + evidence.promises.compactMap { unexpectedEnd($0, history) }
    }

    private static func unexpectedEnd(_ promise: Promise, _ history: LogHistory) -> Violation? {
        guard let expected = promise.expected, let told = history.runs[promise.run], let end = told.end,
            end.status != expected
        else { return nil }
        if promise.isCancelRequested, end.status == .canceled { return nil }
        // The machine failed it so often that no retry was left.
        if told.finished.last?.outcome.failure == .infrastructure { return nil }
        return Violation(
            .endsAsExpected, promise.run,
            "ended \(end.status.rawValue) (\(end.reason?.rawValue ?? "-"): \(end.message)), not \(expected.rawValue)"
        )
    }
}
