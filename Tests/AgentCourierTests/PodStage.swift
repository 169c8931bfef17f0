import AgentService
import Descriptors
import Events
import FoundationEssentials
import Glibc
import JSON
import PodContract
import Runtime
import TestSupport
import Testing

/// A pod that is none: its shared folder, and the agent's containers as processes.
final class PodStage: Sendable {
    let folder: TemporaryFolder
    let folders: PodFolders
    var report: PodReport? {
        PodReport(terminationMessage: (try? String(contentsOfFile: folders.terminationLog)) ?? "")
    }

    /// A program that a test started.
    struct Running: Sendable {
        let child: ChildProcess
        fileprivate let out: String
        fileprivate let err: String

        func end() async throws -> ChildProcess.Exit { try await child.wait().exit }
        func signal(_ number: Int32) { kill(child.processID, number) }
        var output: String { (try? String(contentsOfFile: out)) ?? "" }
        var errors: String { (try? String(contentsOfFile: err)) ?? "" }
    }

    /// - Parameters:
    ///   - place: the folder that it is made in.
    ///   - changes: to the order, by member.
    init(in place: String = "/tmp", _ changes: [String: JSONValue] = [:]) throws {
        folder = try TemporaryFolder(under: place)
        folders = PodFolders(root: folder.file("bai"), terminationLog: folder.file("termination-log"))
        var order: JSONValue = [
            "version": 1, "run_id": "r1",
            "attempt": ["number": 2, "repetition": 0, "is_warmup": false], "role": "single",
            "client": ["id": "c", "version": "1", "username": "u"], "contents": [], "delivery": "log",
            "metrics": [], "is_wrapped": true, "processes": 1, "timeout": "1m", "grace_period": "5s",
            "collect_timeout": "30s", "limits": [:], "log_limit": "64MiB",
        ]
        for (name, value) in changes { order[name] = value }
        try folder.write("bai/order/order.json", try JSONCoding.text(order))
        try folder.write("bai/token/token", "the-token")
    }

    /// Makes the shared folder without copying the agent.
    func prepare() throws {
        for path in [folders.streams, folders.records, folders.home, "\(folders.root)/fifo"] {
            mkdir(path, 0o777)
        }
        mkfifo(folders.fifo, 0o666)
    }

    /// Starts one of the agent's tasks.
    func start(
        _ task: String, _ command: [String] = [], _ variables: [String: String] = [:], agent: [String]? = nil
    ) throws -> Running {
        let number = UInt32.random(in: .min ... .max)
        let (out, err) = (folder.file("out.\(number)"), folder.file("err.\(number)"))
        let descriptors = [out, err].map { (path: String) -> Int32 in
            open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        }
        defer { for descriptor in descriptors { close(descriptor) } }
        let agent = agent ?? [Programs.path("bai-agent")]
        let places = ["--root", folders.root, "--termination-log", folders.terminationLog]
        let child = try ChildProcess.start(
            ChildProcess.Setup(
                program: agent[0],
                arguments: agent.dropFirst() + [task] + places + (command.isEmpty ? [] : ["--"] + command),
                environment: ["PATH": "/usr/bin:/bin"].merging(variables) { $1 },
                standardOutput: descriptors[0], standardError: descriptors[1], group: .own))
        return Running(child: child, out: out, err: err)
    }

    /// Starts the sidecar and runs the benchmark beside it to its end.
    ///
    /// - Returns: how the benchmark ended, and what the sidecar printed until its own end.
    func run(_ script: String, _ variables: [String: String] = [:]) async throws -> (
        ChildProcess.Exit, Records
    ) {
        try prepare()
        let sidecar = try start("collect")
        let benchmark = try start("wrap", ["sh", "-c", script], variables)
        let exit = try await benchmark.end()
        #expect(try await sidecar.end() == .code(0))
        return (exit, try Records(printed: sidecar.output))
    }

    /// The mark that a file is there is waited for.
    func appears(_ path: String) async -> Bool { await eventually { access(path, F_OK) == 0 } }
}

/// Records of an attempt, each taken once however often it came, as the store takes them.
struct Records {
    private(set) var points: [Int: [MetricPoint]] = [:]
    private(set) var lines: [Int: [LogLine]] = [:]
    private(set) var metricEnds: [Int: StreamEnded] = [:]
    private(set) var logEnds: [Int: StreamEnded] = [:]
    private var texts: [String: [UInt8]] = [:]
    /// Message ids that came with another content than before.
    private(set) var changed: [String] = []
    private(set) var repeated = 0

    init() {}

    init(printed text: String) throws {
        for line in text.split(separator: "\n") {
            if let record = try DeliveredRecords.read(printed: String(line), run: "r1", attempt: 2) {
                try take(record)
            }
        }
    }

    mutating func take(_ record: DeliveredRecords.Record) throws {
        if let known = texts[record.event.messageID] {
            repeated += 1
            let payload = { (text: [UInt8]) in try JSONCoding.decode(Event.self, from: text).payload }
            if try payload(known) != payload(record.text) { changed.append(record.event.messageID) }
            return
        }
        texts[record.event.messageID] = record.text
        switch record.event.type {
        case MetricBatch.type:
            let batch = try record.event.payload(as: MetricBatch.self)
            points[batch.rank, default: []] += batch.points
        case LogBatch.type:
            let batch = try record.event.payload(as: LogBatch.self)
            lines[batch.rank, default: []] += batch.lines
        case MetricsEnded.type:
            let end = try record.event.payload(as: MetricsEnded.self).end
            metricEnds[end.rank] = end
        default:
            let end = try record.event.payload(as: LogsEnded.self).end
            logEnds[end.rank] = end
        }
    }

    /// The lines of a stream, by one rank.
    func texts(_ stream: LogLine.Stream, rank: Int = 0) -> [String] {
        (lines[rank] ?? []).filter { $0.stream == stream }.map(\.text)
    }

    /// Whether every stream is numbered from 1 without gaps, and ended with its last number.
    var areWhole: Bool {
        let ranks = Set(points.keys).union(lines.keys).union(metricEnds.keys).union(logEnds.keys)
        return !ranks.isEmpty && changed.isEmpty
            && ranks.allSatisfy { rank in
                let (points, lines) = (points[rank] ?? [], lines[rank] ?? [])
                return points.map(\.sequence) == Array(0..<Int64(points.count)).map { $0 + 1 }
                    && lines.map(\.sequence) == Array(0..<Int64(lines.count)).map { $0 + 1 }
                    && metricEnds[rank]?.count == Int64(points.count)
                    && logEnds[rank]?.count == Int64(lines.count)
            }
    }
}

extension String {
    init(contentsOfFile path: String) throws {
        self = try String(contentsOf: URL(filePath: path), encoding: .utf8)
    }
}
