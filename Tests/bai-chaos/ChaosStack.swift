import API
import BFFClient
import Deployment
import FoundationEssentials
import Glibc
import JobRunner
import Runtime

/// The throw-away installation that a campaign plays with.
struct ChaosStack: Sendable {
    /// How long a service that does not answer keeps its partitions: short, so that pauses need not be long.
    static let lease = Duration.seconds(1)
    static let slots = 2

    let folder: String
    let client: BFFClient

    var home: String { "\(folder)/home" }
    /// Where benchmarks write down what they see: outside of the installation, which has no part in it.
    var witness: String { "\(folder)/witness" }
    var installation: Installation { Installation(home: home) }

    /// Makes the folders and what benchmarks need.
    init(folder: String) throws {
        self.folder = folder
        var settings = BFFClient.Settings()
        // Whoever waits for a service that stands still tries again: the key makes that harmless.
        settings.timeout = .seconds(5)
        settings.submitTimeout = .seconds(10)
        client = BFFClient(
            endpoint: .unixSocket(path: Installation(home: "\(folder)/home").socket), settings: settings)
        for path in [home, witness] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        try Data("content".utf8).write(to: URL(filePath: "\(witness)/data"))
        try Data(BenchmarkKind.script(slots: ChaosStack.slots).utf8).write(
            to: URL(filePath: "\(witness)/benchmark.sh"))
    }

    /// The environment of the services.
    ///
    /// - Parameter failPoints: what they are told to fail at, each once.
    func environment(failPoints: String? = nil) throws -> [String: String] {
        var variables = ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "LANG", "USER", "TMPDIR", "LD_LIBRARY_PATH"].contains($0.key)
        }
        variables["BAI_HOME"] = home
        variables["BAI_LOG_LEASE"] = "\(Int(ChaosStack.lease.inSeconds))s"
        variables["BAI_RUNNER_SLOTS"] = "\(ChaosStack.slots)"
        // The campaign itself keeps the machine busy: that is no news.
        variables["BAI_RUNNER_WATCH_NEIGHBOURS"] = "false"
        variables["NO_COLOR"] = "1"
        if let failPoints {
            let marks = "\(folder)/marks/\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: marks, withIntermediateDirectories: true)
            variables["BAI_FAILPOINT"] = failPoints
            variables["BAI_FAILPOINT_ONCE"] = marks
        }
        return variables
    }

    /// The services as they are now: those that run.
    func services() -> [LocalStack.ServiceState] {
        stack.states().filter { $0.processID != nil }
    }

    func processID(of service: String) -> Int32? {
        stack.states().first { $0.name == service }?.processID
    }

    var supervisorProcessID: Int32? { stack.supervisorProcessID }

    private var stack: LocalStack { LocalStack(installation: installation, environment: [:]) }

    /// Runs `baictl` to its end.
    ///
    /// - Throws: what it said, when it fails.
    func baictl(_ arguments: String..., failPoints: String? = nil) async throws {
        let path = "\(folder)/baictl.log"
        let output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(output) }
        let child = try ChildProcess.start(
            ChildProcess.Setup(
                program: ProgramFolder.program("baictl"), arguments: arguments,
                environment: try environment(failPoints: failPoints), standardOutput: output,
                standardError: output))
        let exit = try await child.wait().exit
        guard exit == .code(0) else {
            let said = (try? String(contentsOf: URL(filePath: path), encoding: .utf8)) ?? ""
            throw ChaosError("baictl \(arguments.joined(separator: " ")) ended with \(exit): \(said)")
        }
    }

    /// The supervisors of attempts that run now.
    func attemptSupervisors() -> [(attempt: String, process: ProcessIdentity)] {
        attemptFolders().compactMap { name, folder in
            guard FileLock.isHeld(folder.lock),
                let started = try? folder.read(folder.started, as: StartedRecord.self),
                started.supervisor.isAlive
            else { return nil }
            return (name, started.supervisor)
        }
    }

    /// All attempts' folders, with their names.
    func attemptFolders() -> [(name: String, folder: AttemptFolder)] {
        let names = { (path: String) in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
        return names(installation.attempts).sorted().flatMap { run in
            names("\(installation.attempts)/\(run)").sorted().map { number in
                ("\(run)/\(number)", AttemptFolder("\(installation.attempts)/\(run)/\(number)"))
            }
        }
    }
}

/// Why a campaign cannot go on, or what it found that is no matter of invariants.
struct ChaosError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
