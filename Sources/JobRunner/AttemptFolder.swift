internal import Events
internal import FoundationEssentials
internal import Glibc
internal import JSON
package import Runtime

/// The folder of one attempt: everything there is to know about it, for the runner, for the supervisor, and for whoever looks.
///
/// | file | what it says | written by |
/// |---|---|---|
/// | `spec.json` | what to run | the runner |
/// | `lock` | held: a supervisor lives | the supervisor |
/// | `started.json` | it was taken in hand; never again | the supervisor, once |
/// | `running.json` | the benchmark's process | the supervisor |
/// | `stop.json` | it is to end | the runner |
/// | `outcome.json` | how it ended | the supervisor, or who finds it gone |
/// | `stdout.log`, `stderr.log`, `agent.log` | what was printed | the supervisor |
/// | `metrics.jsonl`, `metrics.fifo` | what was measured | the benchmark |
/// | `work/` | where it runs | the supervisor, the benchmark |
package struct AttemptFolder: Hashable, Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    package var order: String { "\(path)/spec.json" }
    package var lock: String { "\(path)/lock" }
    package var started: String { "\(path)/started.json" }
    package var running: String { "\(path)/running.json" }
    package var stop: String { "\(path)/stop.json" }
    package var outcome: String { "\(path)/outcome.json" }
    package var standardOutput: String { "\(path)/stdout.log" }
    package var standardError: String { "\(path)/stderr.log" }
    package var agentLog: String { "\(path)/agent.log" }
    package var metrics: String { "\(path)/metrics.jsonl" }
    package var fifo: String { "\(path)/metrics.fifo" }
    package var work: String { "\(path)/work" }

    /// Whether there is such a folder.
    package var exists: Bool { access(path, F_OK) == 0 }
    package var isStarted: Bool { access(started, F_OK) == 0 }
    package var isStopRequested: Bool { access(stop, F_OK) == 0 }
    package var isEnded: Bool { access(outcome, F_OK) == 0 }

    /// Makes the folder and those above it, for its owner alone: datasets and output may be confidential.
    package func make() throws(SystemError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw SystemError("make folder \(path)", code: errno == 0 ? EIO : errno)
        }
    }

    /// Reads a record; nil when it is not there.
    ///
    /// - Throws: a transient error when it cannot be read just now, another when it is damaged.
    package func read<Record: Decodable>(_ file: String, as type: Record.Type) throws(JobRunnerError)
        -> Record?
    {
        guard let bytes = SystemFile.bytes(file, limit: AttemptFolder.largestRecord) else {
            if access(file, F_OK) != 0 { return nil }
            throw JobRunnerError(.internalError, "\(file) cannot be read", isTransient: true)
        }
        do {
            return try JSONCoding.decode(type, from: bytes)
        } catch {
            throw JobRunnerError(.internalError, "\(file) is damaged: \(error)")
        }
    }

    /// Writes a record in the place of an earlier one; durable when this returns.
    package func write(_ record: some Encodable, to file: String) throws(SystemError) {
        try DurableFile.replace(file, with: AttemptFolder.encode(record))
    }

    /// Writes a record unless there is one; durable when this returns.
    ///
    /// - Returns: whether this call wrote it.
    package func writeOnce(_ record: some Encodable, to file: String) throws(SystemError) -> Bool {
        try DurableFile.create(file, with: AttemptFolder.encode(record))
    }

    /// Twice what a record of the log may be, since `spec.json` holds a whole event.
    private static let largestRecord = 16 << 20

    private static func encode(_ record: some Encodable) throws(SystemError) -> [UInt8] {
        do throws(JSONError) {
            return try JSONCoding.encode(record, pretty: true)
        } catch {
            // Our own records hold only what JSON can say.
            throw SystemError("encode a record: \(error)", code: EINVAL)
        }
    }
}
