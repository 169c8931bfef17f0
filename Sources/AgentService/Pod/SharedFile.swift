internal import Events
internal import Glibc
internal import JSON
internal import PodContract
internal import Runtime

/// Small files by which the containers of a pod, which may run as different users, tell each other something: there whole or not at all.
enum SharedFile {
    /// Puts a record in the place of an earlier one.
    static func write(_ record: some Encodable, to path: String) throws {
        try write(try JSONCoding.encode(record), to: path)
    }

    static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let temporary = "\(path).\(getpid()).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("open \(temporary)") }
        let count = Glibc.write(descriptor, bytes, bytes.count)
        let code = errno
        close(descriptor)
        // Not synced: what outlives the machine is none of a pod's files.
        guard count == bytes.count, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw SystemError("write \(path)", code: count == bytes.count ? errno : count < 0 ? code : ENOSPC)
        }
    }

    /// nil when it is not there, or no such record.
    static func read<Record: Decodable>(_ path: String, as type: Record.Type) -> Record? {
        SystemFile.bytes(path).flatMap { try? JSONCoding.decode(type, from: $0) }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether a program that lives holds the lock on the file, in whichever container.
    static func isLocked(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}

extension PodHost {
    /// Leaves the container's last words for Kubernetes.
    func leave(_ report: PodReport) {
        let descriptor = open(folders.terminationLog, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        let text = report.terminationMessage
        // Where there is no such file the exit code says what it can.
        guard descriptor >= 0 else { return }
        _ = Glibc.write(descriptor, text, text.count)
        close(descriptor)
    }

    /// Reports that a task of the agent's own could not be done.
    ///
    /// - Returns: the program's exit code.
    func fail(_ task: PodReport.Task, _ error: any Error) -> Int32 {
        let outcome = AttemptEnd(refusal: error).outcome(of: nil, at: time.now)
        let report = PodReport(task: task, outcome: outcome)
        leave(report)
        log.error("the task failed", ["task": task.rawValue, "error": outcome.message])
        return report.exitCode == 0 ? PodReport.ExitCode.infrastructure : report.exitCode
    }
}
