import Descriptors
import Events
import FoundationEssentials
import Glibc
import JSON
import JobRunner
import MessageLog
import Runtime
import SQLiteLog
import TestSupport
import Testing

/// An installation with nothing but a log and a runner, for attempts under real supervisors.
struct AttemptLab {
    let home: TemporaryFolder
    let runner: LocalRunner
    private let run: String
    private let settings: LocalSettings

    init(_ variables: [String: String] = [:], settings: LocalSettings = LocalSettings()) async throws {
        home = try TemporaryFolder()
        try await AttemptLab.makeLog(home.file("log.db"))
        var settings = settings
        if settings.messageLog == nil { settings.messageLog = home.file("log.db") }
        self.settings = settings
        run = "run-\(UInt32.random(in: 0 ... .max))"
        let environment = [
            "BAI_HOME": home.path, "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home.path,
            "BAI_SECRET": "s3cret",
        ].merging(variables) { $1 }
        runner = AttemptLab.runner(home, environment, settings)
    }

    /// A message log with the topics that agents publish to.
    static func makeLog(_ path: String) async throws {
        let log = try await SQLiteLog.open(path)
        try await log.create(
            [Topic.metrics, .logs].map {
                TopicConfiguration(name: $0.rawValue, partitions: 2, cleanup: .delete(after: nil))
            })
        await log.close()
    }

    /// Another program's view of the same attempts.
    func anotherRunner() -> LocalRunner {
        AttemptLab.runner(home, ["BAI_HOME": home.path, "PATH": "/usr/bin:/bin"], settings)
    }

    private static func runner(
        _ home: TemporaryFolder, _ environment: [String: String], _ settings: LocalSettings
    ) -> LocalRunner {
        LocalRunner(
            attempts: home.file("attempts"), agent: Programs.path("bai-agent"), environment: environment,
            settings: settings)
    }

    /// An attempt that runs a shell script.
    func job(_ script: String, attempt: Int = 1, _ change: (inout Descriptor) -> Void = { _ in })
        -> JobSpecification
    {
        job(
            program: Descriptor.Program(benchmarkCode: "sh -c", args: AttemptLab.quote(script)),
            attempt: attempt, change)
    }

    func job(
        program: Descriptor.Program?, attempt: Int = 1, _ change: (inout Descriptor) -> Void = { _ in }
    ) -> JobSpecification {
        AttemptLab.job(of: run, program, attempt: attempt, change)
    }

    static func job(
        of run: String, _ program: Descriptor.Program?, attempt: Int = 1,
        _ change: (inout Descriptor) -> Void = { _ in }
    ) -> JobSpecification {
        var descriptor = Descriptor(
            info: Descriptor.Info(description: "a test"),
            hardware: Descriptor.Hardware(instanceType: "local"),
            env: Descriptor.ContainerEnvironment(dockerImage: "none"), ml: program)
        descriptor.run.gracePeriod = TimeSpan(.milliseconds(300))
        change(&descriptor)
        let submitted = RunSubmitted(
            name: "test", descriptor: descriptor,
            source: RunSubmitted.DescriptorSource(filename: "test.toml", document: "", sha256: "ab12"),
            requestDigest: "", submitted: Timestamp(milliseconds: 1_700_000_000_000))
        let origin = Event(
            messageID: "m", actionID: run, clientID: "c", clientVersion: "1.0.0", clientUsername: "u",
            tstamp: submitted.submitted, type: RunSubmitted.type, payload: .null)
        return JobSpecification(
            runID: run, attempt: Attempt(number: attempt, repetition: 0, isWarmup: false), run: submitted,
            contents: [],
            origin: origin)
    }

    /// Starts an attempt and waits until it has ended.
    func outcome(of job: JobSpecification) async throws -> AttemptOutcome {
        try await end(of: try await runner.start(job, in: nil))
    }

    /// Waits until an attempt has ended.
    func end(of reference: String, by runner: LocalRunner? = nil) async throws -> AttemptOutcome {
        for await observation in (runner ?? self.runner).observe(reference) {
            if case .finished(let outcome) = observation { return outcome }
        }
        throw CancellationError()
    }

    /// Waits until an attempt's program runs.
    func untilRunning(_ reference: String) async {
        for await observation in runner.observe(reference) {
            if case .running = observation { return }
        }
    }

    func folder(_ reference: String) throws -> AttemptFolder { try runner.folder(reference) }

    /// What a file of the attempt's work folder says.
    func text(_ name: String, of reference: String) throws -> String? {
        SystemFile.text("\(try folder(reference).work)/\(name)")
    }

    /// Everything that was published on a topic, in order.
    func events(_ topic: Topic) async throws -> [Event] {
        let log = try await SQLiteLog.open(home.file("log.db"))
        var events: [Event] = []
        for configuration in try await log.topics() where configuration.name == topic.rawValue {
            for number in 0..<configuration.partitions {
                let partition = TopicPartition(topic: topic.rawValue, partition: number)
                var next = try await log.range(of: partition).lowerBound
                while true {
                    let records = try await log.read(partition, from: next, limit: ReadLimit())
                    guard let last = records.last else { break }
                    events += try records.map { try JSONCoding.decode(Event.self, from: $0.value ?? []) }
                    next = last.offset + 1
                }
            }
        }
        await log.close()
        return events
    }

    func points() async throws -> [MetricPoint] {
        try await events(.metrics).filter { $0.type == MetricBatch.type }
            .flatMap { try $0.payload(as: MetricBatch.self).points }
    }

    func lines(_ stream: LogLine.Stream? = nil) async throws -> [LogLine] {
        try await events(.logs).filter { $0.type == LogBatch.type }
            .flatMap { try $0.payload(as: LogBatch.self).lines }
            .filter { stream == nil || $0.stream == stream }
    }

    /// The processes that carry the mark of this lab's attempts.
    func processes() -> [Int32] {
        ProcessTable.all().filter { entry in
            !entry.isDead
                && (1...9).contains {
                    ProcessTable.environment(of: entry.processID, has: "BAI_ATTEMPT_ID=\(run)/\($0)")
                }
        }.map(\.processID)
    }

    /// The supervisor of an attempt.
    func supervisor(of reference: String) throws -> Int32 {
        let folder = try folder(reference)
        return try #require(try folder.read(folder.started, as: StartedRecord.self)).supervisor.processID
    }

    /// `text` as one word of a command.
    static func quote(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'"'"'"#) + "'"
    }
}
