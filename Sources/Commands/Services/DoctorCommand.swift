internal import MessageLog
internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Deployment
internal import Glibc
internal import JSON
internal import Runtime
internal import SQLiteLog

/// `baictl doctor`: looks for what could be wrong with the installation, and says what to do.
struct DoctorCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["doctor"], summary: "check the installation and say what to do",
        discussion: """
            With --target=kubernetes it looks at the cluster instead: whether it answers, its version, what we may do
            there, and what is installed.
            """,
        options: [
            .flag("deep", "also read the whole message log and check every record"),
            .value(
                "target", "TARGET", "what to check; by default this machine",
                choices: ["local", "kubernetes"]),
        ] + ClusterOptions.syntax)

    private let isDeep: Bool
    private let cluster: ClusterOptions?

    init(_ invocation: Invocation) {
        isDeep = invocation.has("deep")
        cluster = invocation.value("target") == "kubernetes" ? ClusterOptions(invocation) : nil
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        var findings: [Finding]
        if let cluster {
            findings = await ClusterExamination(cluster, context).findings()
        } else {
            findings = [programs(), home(context), disk(context)]
            findings += [clock(context), await services(context), await api(context), python(context)]
        }
        if isDeep { findings.append(await log(context)) }
        let rows = findings.map { finding in
            [
                finding.cure == nil ? Table.Cell("ok", .green) : Table.Cell("BAD", .red),
                Table.Cell(finding.subject),
                Table.Cell(finding.cure.map { "\(finding.message): \($0)" } ?? finding.message),
            ]
        }
        try context.print(
            Listing(
                items: try findings.map { try JSONCoding.tree($0) }, names: findings.map(\.subject),
                table: Table(header: ["", "WHAT", "FOUND"], rows: rows), emptyNote: ""))
        return findings.allSatisfy { $0.cure == nil } ? .ok : .unreachable
    }

    /// What was looked at and what was found there.
    struct Finding: Codable {
        var subject: String
        var message: String
        /// What to do; nil where all is well.
        var cure: String?
    }

    private func programs() -> Finding {
        let missing = (LocalStack.services + ["bai-agent"]).filter {
            access(ProgramFolder.program($0), X_OK) != 0
        }
        return Finding(
            subject: "programs",
            message: missing.isEmpty ? ProgramFolder.path : "\(missing.joined(separator: ", ")) missing",
            cure: missing.isEmpty ? nil : "install all programs into one folder, with `make install`")
    }

    private func home(_ context: CommandContext) -> Finding {
        do {
            try context.installation.prepare()
            guard access(context.installation.home, R_OK | W_OK | X_OK) == 0 else {
                throw SystemError("write to \(context.installation.home)")
            }
            return Finding(subject: "home", message: context.installation.home)
        } catch {
            return Finding(
                subject: "home", message: "\(error)",
                cure: "set BAI_HOME to a folder that you can write to")
        }
    }

    private func disk(_ context: CommandContext) -> Finding {
        var info = statvfs()
        guard statvfs(context.installation.home, &info) == 0 else {
            return Finding(
                subject: "disk", message: "cannot be asked", cure: "see `df \(context.installation.home)`")
        }
        let free = Int64(info.f_bavail) * Int64(info.f_frsize)
        let isLow = free < DoctorCommand.leastFree
        return Finding(
            subject: "disk", message: "\(Words.bytes(free)) free",
            cure: isLow ? "make room, or move BAI_HOME: a full disk refuses every submission" : nil)
    }

    /// Below this, data sets and logs soon fill the disk.
    private static let leastFree: Int64 = 1_000_000_000

    /// The services go by the clock as it was when they were started.
    private func clock(_ context: CommandContext) -> Finding {
        guard let anchor = ClockAnchor.read(context.installation.clock) else {
            return Finding(subject: "clock", message: "the machine's own")
        }
        let step = anchor.step()
        guard abs(step.inSeconds) > DoctorCommand.largestStep.inSeconds else {
            return Finding(subject: "clock", message: "as the machine's")
        }
        return Finding(
            subject: "clock",
            message:
                "set \(step > .zero ? "forward" : "back") by \(Int(abs(step.inSeconds).rounded())) s since the services started",
            cure: "`baictl down` and `baictl up`, so that new events have the new time")
    }

    /// Less is what clocks that nobody sets do by themselves.
    private static let largestStep = Duration.seconds(60)

    private func services(_ context: CommandContext) async -> Finding {
        let down = context.stack.states().filter { $0.processID == nil }.map(\.name)
        if down.count == LocalStack.services.count {
            return Finding(subject: "services", message: "not started", cure: "start them with `baictl up`")
        }
        let troubles = await context.stack.troubles().sorted { $0.key < $1.key }
            .flatMap { service, problems in problems.map { "\(service): \($0)" } }
        let bad = (down.isEmpty ? [] : ["\(down.joined(separator: ", ")) down"]) + troubles
        return Finding(
            subject: "services", message: bad.isEmpty ? "all up" : bad.joined(separator: "; "),
            cure: bad.isEmpty ? nil : "look into \(context.installation.serviceLogs)")
    }

    private func api(_ context: CommandContext) async -> Finding {
        do {
            let health = try await context.client.health()
            let problems = health.problems.joined(separator: "; ")
            return Finding(
                subject: "api", message: problems.isEmpty ? "answers, version \(health.version)" : problems,
                cure: problems.isEmpty ? nil : "see `baictl status`")
        } catch {
            return Finding(
                subject: "api", message: error.message, cure: "start the services with `baictl up`")
        }
    }

    private func python(_ context: CommandContext) -> Finding {
        let folders = (context.environment["PATH"] ?? "").split(separator: ":")
        let found = folders.first { access("\($0)/python3", X_OK) == 0 }
        return Finding(
            subject: "python", message: found.map { "\($0)/python3" } ?? "python3 is not on the PATH",
            cure: found == nil ? "install python3 for the sample benchmarks" : nil)
    }

    private func log(_ context: CommandContext) async -> Finding {
        do {
            let inspection = LogInspection(
                context.installation.logFile, deadline: .now + DoctorCommand.logPatience)
            let report = try await inspection.report()
            let problems = report.problems.prefix(3).map(\.message).joined(separator: "; ")
            let sound =
                "\(report.records) records, all sound" + (report.isComplete ? "" : " as far as time allowed")
            return Finding(
                subject: "log", message: problems.isEmpty ? sound : problems,
                cure: problems.isEmpty ? nil : DoctorCommand.logCure)
        } catch {
            return Finding(subject: "log", message: error.message, cure: DoctorCommand.logCure)
        }
    }

    private static let logCure = "see `baictl log check`, and docs/operations.md, \"A damaged log\""
    private static let logPatience = Duration.seconds(600)
}
