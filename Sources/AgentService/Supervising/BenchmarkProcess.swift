internal import CLinux
internal import Descriptors
internal import Glibc
internal import JobRunner
internal import Runtime

/// A first process of the benchmark, which leads a process group.
///
/// Only for the thread that starts it, which has to live as long as the benchmark: the kernel kills the benchmark when that thread ends.
final class BenchmarkProcess {
    /// The program could not become a process.
    struct StartFailure: Error {
        /// The system's number for why.
        var code: Int32
    }

    let identity: ProcessIdentity
    let output: Pipe
    let errors: Pipe

    /// How it ended, once it was asked.
    private(set) var exit: ChildProcess.Exit?

    /// Starts the program and returns when it runs.
    ///
    /// - Parameters:
    ///   - directory: nil: where this program is.
    ///   - agent: the words that this program is started with, whose `exec` the benchmark's process begins as.
    init(
        _ command: BenchmarkCommand, variables: [String: String], directory: String?,
        limits: Descriptor.Limits, agent: [String]
    ) throws {
        (output, errors) = (try Pipe(), try Pipe())
        let report = try Pipe()
        let helper = ExecHelper(
            parent: getpid(), report: report.writing, limits: limits, command: command.words)
        let child = try ChildProcess.start(
            ChildProcess.Setup(
                program: agent[0], arguments: agent.dropFirst() + helper.arguments,
                environment: ExecHelper.disguised(variables),
                directory: directory, standardOutput: output.writing, standardError: errors.writing,
                inherited: [report.writing], group: .own))
        for pipe in [output, errors, report] { pipe.closeWriting() }
        // A child that nobody has waited for is there, dead or alive.
        guard let identity = ProcessIdentity(child.processID) else {
            throw SystemError("open process \(child.processID)")
        }
        self.identity = identity
        if let code = BenchmarkProcess.failure(from: report) {
            reap()
            throw StartFailure(code: code)
        }
    }

    /// Signals the whole process group.
    func signal(_ number: Int32) { kill(-identity.processID, number) }

    /// Takes note of the end of the process, if it has ended.
    func reapIfEnded() { reap(WNOHANG) }

    /// Waits for the end of the process.
    private func reap(_ options: Int32 = 0) {
        var status: Int32 = 0
        while exit == nil {
            let result = waitpid(identity.processID, &status, options)
            if result < 0, errno == EINTR { continue }
            guard result == identity.processID else { return }
            exit =
                clinux_signaled(status) != 0
                ? .signal(clinux_term_signal(status)) : .code(clinux_exit_status(status))
        }
    }

    /// The largest resident set that it has had so far, in bytes.
    var peakMemory: Int64? {
        let lines = SystemFile.text("/proc/\(identity.processID)/status")?.split(separator: "\n") ?? []
        let words = lines.first { $0.hasPrefix("VmHWM:") }?.split { $0 == " " || $0 == "\t" } ?? []
        return words.count >= 2 ? Int64(words[1]).map { $0 * 1024 } : nil
    }

    /// What the helper reports: nothing but the end of the pipe when it has become the program, else the system's number for why not.
    private static func failure(from report: Pipe) -> Int32? {
        var text: [UInt8] = []
        while true {
            var wanted = pollfd(fd: report.reading, events: Int16(POLLIN), revents: 0)
            if poll(&wanted, 1, -1) < 0 { continue }
            var byte: UInt8 = 0
            guard read(report.reading, &byte, 1) == 1 else { break }
            text.append(byte)
        }
        return text.isEmpty ? nil : Int32(String(decoding: text, as: UTF8.self)) ?? EIO
    }
}

/// The processes that this one has started, and all that those have.
enum Descendants {
    /// All of them that are alive, now.
    static func alive() -> [ProcessTable.Entry] {
        ProcessTable.descendants(of: getpid(), in: ProcessTable.all()).filter { !$0.isDead }
    }

    /// Has every process come to this one whose parent ends, so that none can get away by becoming somebody else's child.
    static func adopt() {
        _ = clinux_set_child_subreaper(1)
    }

    /// Kills all of them and takes note of their ends.
    ///
    /// - Returns: whether nothing is left.
    static func endAll() -> Bool {
        let own = getpid()
        let isClean = AttemptProcesses.killAll(reap: reapAll) { ProcessTable.descendants(of: own, in: $0) }
        reapAll()
        return isClean
    }

    /// Takes note of the ends of those that came to this process when their parents ended; `own` are left to whoever started them.
    static func reapOrphans(except own: [BenchmarkProcess]) {
        while true {
            let ended = clinux_ended_child()
            guard ended > 0 else { return }
            if let process = own.first(where: { $0.identity.processID == ended }) {
                process.reapIfEnded()
            } else {
                var status: Int32 = 0
                waitpid(ended, &status, WNOHANG)
            }
        }
    }

    /// What everything that was waited for has used.
    static func usage() -> (seconds: Double, peakMemory: Int64) {
        var usage = rusage()
        clinux_usage_of_children(&usage)
        return (seconds(usage), Int64(usage.ru_maxrss) * 1024)
    }

    /// What this process itself has used.
    static func ownUsage() -> (seconds: Double, peakMemory: Int64) {
        var usage = rusage()
        clinux_usage_of_self(&usage)
        return (seconds(usage), Int64(usage.ru_maxrss) * 1024)
    }

    private static func seconds(_ usage: rusage) -> Double {
        Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }

    private static func reapAll() {
        var status: Int32 = 0
        while waitpid(-1, &status, WNOHANG) > 0 {}
    }
}
