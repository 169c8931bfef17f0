internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Deployment
internal import Descriptors
internal import FoundationEssentials
internal import Glibc
internal import JSON
internal import Kubernetes
internal import MessageLog
internal import Provisioning
internal import Runtime

/// `baictl`: finds the command, runs it, and turns what went wrong into words and an exit code.
package enum CommandLineTool {
    /// Every command, in the order in which the help lists them.
    static let commands: [any Subcommand.Type] = [
        UpCommand.self, DownCommand.self, StatusCommand.self, RunCommand.self, ValidateCommand.self,
        RenderCommand.self,
        GetCommand.self,
        ListCommand.self, DescribeCommand.self, WatchCommand.self, EventsCommand.self, LogsCommand.self,
        MetricsCommand.self, CompareCommand.self, AnalyzeCommand.self, SeriesCommand.self, CancelCommand.self,
        DeleteCommand.self,
        AlarmsCommand.self,
        DeadLettersCommand.self, ReplayCommand.self, ConfigExplainCommand.self, DoctorCommand.self,
        TokenCreateCommand.self,
        LogCheckCommand.self, LogExportCommand.self, LogSkipCommand.self,
        CreateInfraCommand.self, DeleteInfraCommand.self, CompletionCommand.self, VersionCommand.self,
        HelpCommand.self,
    ]

    static let parser = CommandLineParser(
        program: "baictl", commands: commands.map { $0.syntax },
        commonOptions: [
            OutputFormat.option,
            .value(
                "server", "URL",
                "the API to talk to: unix:PATH or http(s)://HOST:PORT; by default this machine's own"),
            .flag("help", short: "h", "print this help"),
        ])

    /// Runs the program's command line. Does not return.
    package static func main() async -> Never {
        signal(SIGPIPE, SIG_IGN)
        let environment = ProcessInfo.processInfo.environment
        let terminal = Terminal(environment: environment)
        let words = Array(CommandLine.arguments.dropFirst())
        exit(await run(words, environment: environment, terminal: terminal).rawValue)
    }

    /// Runs one command line.
    static func run(_ words: [String], environment: [String: String], terminal: Terminal) async -> ExitCode {
        do {
            return try await dispatch(words, environment: environment, terminal: terminal)
        } catch {
            terminal.endProgress()
            return report(error, asJSON: words.contains("json") || words.contains("-ojson"), terminal)
        }
    }

    private static func dispatch(
        _ words: [String], environment: [String: String], terminal: Terminal
    ) async throws -> ExitCode {
        if words.isEmpty || words == ["--help"] || words == ["-h"] {
            terminal.print(data: HelpCommand.overview)
            return words.isEmpty ? .usage : .ok
        }
        if words == ["--version"] {
            return try await dispatch(["version"], environment: environment, terminal: terminal)
        }
        if words.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
            terminal.print(data: parser.help(for: try parser.command(of: words).0))
            return .ok
        }
        let invocation = try parser.parse(words)
        guard let type = commands.first(where: { $0.syntax.path == invocation.command }) else {
            throw UsageError("'\(invocation.command.joined(separator: " "))' is not a command.")
        }
        let command = try type.init(invocation)
        let context = try context(invocation, environment, terminal)
        do {
            return try await command.run(context)
        } catch let error as BFFClientError {
            throw error.code == .unreachable ? unreachable(error, context) : failure(for: error)
        }
    }

    /// What is down and how it comes up again, which only the context knows.
    private static func unreachable(_ error: BFFClientError, _ context: CommandContext) -> CommandFailure {
        if !context.isLocal { return CommandFailure(.unreachable, error.message) }
        if context.stack.supervisorProcessID == nil {
            return CommandFailure(.unreachable, "The services are not up. Start them with `baictl up`.")
        }
        return CommandFailure(
            .unreachable, "\(error.message)\nThe services are up: `baictl doctor` says what keeps them.")
    }

    private static func context(
        _ invocation: Invocation, _ environment: [String: String], _ terminal: Terminal
    ) throws -> CommandContext {
        let installation = Installation(environment: environment)
        let server = try ServerChoice(invocation, installation, environment)
        return CommandContext(
            environment: environment, terminal: terminal, format: OutputFormat(invocation),
            installation: installation,
            time: server.isOwn ? installation.time : SystemTime(),
            client: BFFClient(endpoint: server.endpoint, access: server.access),
            isLocal: server.isOwn, isRemote: server.isRemote)
    }
}

// MARK: - What went wrong

extension CommandLineTool {
    private static func report(_ error: any Error, asJSON: Bool, _ terminal: Terminal) -> ExitCode {
        let failure = failure(for: error)
        if asJSON {
            let body: JSONValue = [
                "error": ["code": .string(failure.code), "message": .string(failure.message)]
            ]
            terminal.say((try? JSONCoding.text(body)) ?? failure.message)
        } else {
            terminal.say("baictl: \(Table.harmless(document: failure.message))")
        }
        return failure.exitCode
    }

    /// The one table from errors to exit codes.
    private static func failure(for error: any Error) -> CommandFailure {
        switch error {
        case let failure as CommandFailure: return failure
        case let error as UsageError:
            let help =
                error.command.isEmpty ? "" : "\nSee `baictl help \(error.command.joined(separator: " "))`."
            return CommandFailure(.usage, error.message + help)
        case let error as BFFClientError: return failure(for: error)
        case let error as InstallationSettings.Invalid: return CommandFailure(.usage, error.description)
        case let error as MessageLogError: return failure(for: error)
        case let error as KubernetesError: return failure(for: error)
        case let error as ProvisioningError: return failure(for: error)
        case let error as SystemError: return CommandFailure(.notAllowed, error.description)
        case is CancellationError: return CommandFailure(.interrupted, "interrupted")
        default: return CommandFailure(.internalError, "\(error)")
        }
    }

    private static func failure(for error: BFFClientError) -> CommandFailure {
        switch error.code {
        case .refused(let code):
            CommandFailure(
                exitCode(for: code), ([error.message] + error.problems.map(words)).joined(separator: "\n"),
                code: code.rawValue)
        case .unreachable, .unexpectedAnswer: CommandFailure(.unreachable, error.message)
        case .untrusted: CommandFailure(.notAllowed, error.message, code: "untrusted")
        case .timedOut: CommandFailure(.timedOut, error.message)
        case .canceled: CommandFailure(.interrupted, error.message)
        }
    }

    /// A mistake that only the server sees, in a line.
    private static func words(_ problem: JSONValue) -> String {
        let expected = problem["expected"]?.string.map { "; expected: \($0)" } ?? ""
        return "- \(problem["message"]?.string ?? "")\(expected)"
    }

    private static func failure(for error: MessageLogError) -> CommandFailure {
        let exitCode: ExitCode =
            switch error.code {
            case .corrupt, .unsupportedVersion: .damaged
            case .unavailable, .full: .unreachable
            case .unknownTopic, .offsetOutOfRange: .notFound
            case .fenced: .conflict
            case .invalidTopic, .recordTooLarge: .usage
            case .closed: .internalError
            }
        return CommandFailure(exitCode, error.message, code: error.code.rawValue)
    }

    private static func failure(for error: KubernetesError) -> CommandFailure {
        let exitCode: ExitCode =
            switch error.code {
            case .configuration, .badRequest, .invalid, .tooLarge: .usage
            case .unauthorized, .forbidden: .notAllowed
            case .notFound: .notFound
            case .alreadyExists, .conflict, .gone: .conflict
            case .tooManyRequests, .serverFault, .unreachable, .tls, .invalidResponse: .unreachable
            case .timedOut: .timedOut
            case .canceled: .interrupted
            }
        return CommandFailure(exitCode, error.message, code: error.code.rawValue)
    }

    private static func failure(for error: ProvisioningError) -> CommandFailure {
        let exitCode: ExitCode =
            switch error.code {
            case .manifests, .refused: .usage
            case .notOurs: .conflict
            case .timedOut: .timedOut
            case .cluster: .unreachable
            }
        return CommandFailure(exitCode, error.message, code: error.code.rawValue)
    }

    private static func exitCode(for code: APIErrorCode) -> ExitCode {
        switch code {
        case .invalidRequest, .invalidDescriptor, .tooLarge, .ambiguous, .methodNotAllowed: .usage
        case .notFound: .notFound
        case .conflict, .gone: .conflict
        case .unauthorized, .forbidden: .notAllowed
        case .unavailable, .overloaded, .full: .unreachable
        case .internalError: .internalError
        }
    }
}
