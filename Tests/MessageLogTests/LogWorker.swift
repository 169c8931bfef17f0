import FoundationEssentials
import Glibc
import Runtime
import TestSupport

/// A child process that works on a log as it is told (Tests/LogWorker). It is killed when a test lets go of it.
final class LogWorker: Sendable {
    /// What it said that was not `ok`.
    struct Refused: Error, CustomStringConvertible {
        var code: String
        var description: String
    }

    let child: ChildProcess
    /// This end of the socket that is the child's standard input and output.
    private let socket: Int32

    init(_ log: String, environment: [String: String] = [:]) throws {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError("make a pair of sockets") }
        defer { close(ends[1]) }
        socket = ends[0]
        child = try ChildProcess.start(
            ChildProcess.Setup(
                program: Programs.path("log-worker"), arguments: [log],
                environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 },
                standardInput: ends[1], standardOutput: ends[1], standardError: 2))
    }

    deinit {
        kill(child.processID, SIGKILL)
        child.waitUnattended()
        close(socket)
    }

    /// Does one command and gives what it answers.
    @discardableResult
    func tell(_ command: String) async throws -> String {
        send(command)
        return try await answer()
    }

    /// Sends a command, whose answer somebody asks for later.
    func send(_ command: String) {
        let line = Array("\(command)\n".utf8)
        write(socket, line, line.count)
    }

    /// The next answer. A worker that has died answers with the code `gone`.
    func answer() async throws -> String {
        let socket = self.socket
        let line: String = await withCheckedContinuation { continuation in
            Thread.detach { continuation.resume(returning: LogWorker.line(from: socket)) }
        }
        if line.hasPrefix("ok") { return String(line.dropFirst(3)) }
        let words = line.split(separator: " ", maxSplits: 2)
        throw Refused(code: words.count > 1 ? String(words[1]) : "gone", description: line)
    }

    /// The code with which it refuses a command; nil where it does not.
    func refusal(of command: String) async throws -> String? {
        do {
            try await tell(command)
            return nil
        } catch let refused as Refused {
            return refused.code
        }
    }

    /// Stops it, and returns when all of its threads stand still.
    func stop() async {
        kill(child.processID, SIGSTOP)
        let tasks = "/proc/\(child.processID)/task"
        _ = await eventually {
            ((try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []).allSatisfy { task in
                let line = try? String(contentsOf: URL(filePath: "\(tasks)/\(task)/stat"), encoding: .utf8)
                // The name, in parentheses, may hold anything; the state is behind it.
                return line?.split(separator: ")").last?.hasPrefix(" T") ?? true
            }
        }
    }

    /// Whether the process has ended.
    var isGone: Bool { state == "Z" || state == nil }

    /// Whether it stands still.
    var isStopped: Bool { state == "T" }

    /// Whether an answer waits to be asked for.
    var hasAnswered: Bool {
        var wanted = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&wanted, 1, 0) > 0 && wanted.revents & Int16(POLLIN) != 0
    }

    /// What the kernel says of it, as a letter.
    private var state: Character? {
        let line = try? String(contentsOf: URL(filePath: "/proc/\(child.processID)/stat"), encoding: .utf8)
        // The name, in parentheses, may hold anything; the state is behind it.
        return line?.split(separator: ")").last?.first { $0 != " " }
    }

    func goOn() { kill(child.processID, SIGCONT) }

    func killNow() async throws {
        kill(child.processID, SIGKILL)
        _ = try await child.wait()
    }

    private static func line(from descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1, byte != 0x0a { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
