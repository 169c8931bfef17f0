internal import Detection
internal import Runs
internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Events
internal import Glibc
internal import JSON
internal import Runtime

/// Follows runs to their end, tells what happens, and gives the exit code that the whole deserves.
struct RunFollower {
    enum Style { case everything, resultOnly }

    var context: CommandContext
    var style: Style

    /// Returns when all runs have ended.
    func follow(_ runs: [String]) async throws -> ExitCode {
        let follow = self
        return try await withThrowingTaskGroup(of: ExitCode?.self) { group in
            for run in runs { group.addTask { try await follow.followOne(run, among: runs.count) } }
            group.addTask {
                await ShutdownSignals.wait()
                return nil
            }
            var worst = ExitCode.ok
            for _ in runs {
                guard let code = try await group.next() ?? nil else {
                    if let first = runs.first {
                        context.terminal.say(
                            "\nThe run goes on. Follow it with `baictl watch \(Words.short(first))`.")
                    }
                    group.cancelAll()
                    return .interrupted
                }
                worst = RunFollower.worse(worst, code)
            }
            group.cancelAll()
            return worst
        }
    }

    private func followOne(_ run: String, among count: Int) async throws -> ExitCode {
        try await context.patiently {
            for try await event in context.client.events(of: run) {
                try show(event, withName: count > 1)
            }
        }
        context.terminal.endProgress()
        var detail = try await context.patiently { try await context.client.run(run) }
        if detail.results.contains(where: { !$0.rules.isEmpty }) {
            // The analyzer takes the results in its own time: the run may have ended before its alarm is raised.
            detail = try await context.patiently { try await context.client.analyzedRun(run) }
        }
        if context.format == .table {
            showEnd(detail)
        } else if style == .resultOnly {
            try context.printDocument(try JSONCoding.tree(detail))
        }
        return RunFollower.exitCode(for: detail)
    }

    private func show(_ event: RunEvent, withName: Bool) throws {
        // The results stand in the table at the end.
        if context.format == .table, event.kind == .result { return }
        guard style == .everything else {
            return context.terminal.progress(RunFollower.line(event, context.terminal))
        }
        switch context.format {
        case .table:
            let prefix = withName ? "\(Words.short(event.run))  " : ""
            context.terminal.say(prefix + RunFollower.line(event, context.terminal))
        case .json, .ndjson, .csv, .yaml, .name:
            context.terminal.print(document: try JSONCoding.text(event) + "\n")
        }
    }

    /// `05:31:02  RUNNING     attempt 2  started`
    static func line(_ event: RunEvent, _ terminal: Terminal) -> String {
        // Only a run's own status stands in capitals; how an attempt ended is told in words.
        let status = event.kind == .status ? event.status : nil
        let word = status?.rawValue ?? event.kind.words
        let padded = word + String(repeating: " ", count: max(0, 10 - word.count))
        let colored = terminal.colored(padded, status.flatMap(Words.color))
        let attempt = event.attempt > 0 ? "attempt \(event.attempt)  " : ""
        let position = event.position.map { $0 > 0 ? " (\($0) ahead)" : "" } ?? ""
        return "\(Words.clock(event.time))  \(colored)  \(attempt)\(Table.harmless(event.message))\(position)"
    }

    private func showEnd(_ detail: RunDetail) {
        if !detail.results.isEmpty {
            context.terminal.print(data: ResultTable.table(detail.results).text(for: context.terminal))
        }
        if detail.summary.status == .succeeded {
            for problem in detail.problems { context.terminal.say("not valid: \(Table.harmless(problem))") }
        }
        for result in detail.results {
            for (_, crossing) in result.crossings {
                let unit = result.series.unit.map { " \($0)" } ?? ""
                context.terminal.say(
                    context.terminal.colored("ALARM", .red)
                        + " \(Table.harmless(result.series.metric)) is \(Words.number(crossing.value))\(unit), "
                        + "\(crossing.side.rawValue) \(Words.number(crossing.limit))\(unit)")
            }
        }
        if detail.summary.status != .succeeded {
            context.terminal.say(
                "\(detail.summary.status.rawValue): \(Table.harmless(detail.summary.message))")
            context.terminal.say("What it printed: `baictl logs \(Words.short(detail.summary.id))`.")
        }
    }

    /// What a run's end is worth as an exit code.
    static func exitCode(for run: RunDetail) -> ExitCode {
        switch run.summary.status {
        case .succeeded:
            if run.alarms.contains(where: { $0.run == run.summary.id && $0.state != .resolved }) {
                return .alarmFired
            }
            return run.problems.isEmpty ? .ok : .measurementInvalid
        case .timedOut: return .timedOut
        case .failed, .canceled, .error: return .runFailed
        case .submitted, .fetching, .fetched, .queued, .starting, .running, .collecting: return .internalError
        }
    }

    /// The code that says more of two runs' ends.
    static func worse(_ left: ExitCode, _ right: ExitCode) -> ExitCode {
        let order: [ExitCode] = [.ok, .alarmFired, .measurementInvalid, .timedOut, .runFailed]
        let rank = { (code: ExitCode) in order.firstIndex(of: code) ?? order.count }
        return rank(left) >= rank(right) ? left : right
    }
}

extension RunEvent.Kind {
    /// As people read it.
    fileprivate var words: String {
        switch self {
        case .status, .result, .alarm: rawValue
        case .attemptFinished: "ended"
        case .cancelRequested: "cancel"
        }
    }
}
