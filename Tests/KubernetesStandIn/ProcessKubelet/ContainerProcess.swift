import FoundationEssentials
import Glibc
import JSON
import Runtime

/// One start of a container: its processes, from `pod-container` on.
final class ContainerProcess: Sendable {
    /// Why the command could not be started, in the runtime's words.
    struct StartFailure: Error {
        var message: String
    }

    private let child: ChildProcess
    private let isOver = Locked(false)
    private let endOfOutput: AsyncStream<Void>

    /// Starts what `plan` says, and returns when the command runs.
    ///
    /// - Parameters:
    ///   - starter: the path of `pod-container`.
    ///   - lifeline: the descriptor whose other end closes with the kubelet.
    ///   - onOutput: gets what the container prints, in pieces, on a thread of its own.
    init(
        _ plan: ContainerPlan, starter: String, lifeline: Int32, planFile: String,
        onOutput: @escaping @Sendable (ArraySlice<UInt8>) -> Void
    ) async throws {
        try Data(plan.bytes).write(to: URL(filePath: planFile))
        let (report, output) = (try Ends(), try Ends())
        do {
            child = try ChildProcess.start(
                ChildProcess.Setup(
                    program: starter, arguments: [planFile, "\(report.writing)", "\(lifeline)"],
                    environment: [:],
                    standardOutput: output.writing, standardError: output.writing,
                    inherited: [report.writing, lifeline], group: .own))
        } catch {
            for end in [report, output] { end.closeBoth() }
            throw error
        }
        close(report.writing)
        close(output.writing)
        let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
        endOfOutput = ends
        ContainerProcess.read(output.reading, onOutput) { continuation.finish() }
        let message = await ContainerProcess.text(of: report.reading)
        guard message.isEmpty else {
            _ = try await child.wait()
            throw StartFailure(message: message)
        }
    }

    /// Waits until everything in it has ended and all that it printed was read; gives the exit code.
    func wait() async -> Int32 {
        let exit = try? await child.wait().exit
        isOver.withLock { $0 = true }
        for await _ in endOfOutput {}
        return switch exit {
        case .code(let code): code
        // The starter itself, before it listened.
        case .signal(let signal): 128 + (signal == SIGUSR1 ? SIGKILL : signal)
        case nil: 255
        }
    }

    /// Sends a signal to the container's first process: SIGTERM or SIGKILL.
    func signal(_ signal: Int32) {
        // Not after the wait: the process id may be somebody else's by then.
        isOver.withLock { if !$0 { kill(child.processID, signal == SIGKILL ? SIGUSR1 : signal) } }
    }

    /// The id of the container's first process as this machine knows it; nil when it has none any more.
    var firstProcess: Int32? {
        let path = "/proc/\(child.processID)/task/\(child.processID)/children"
        guard let text = try? String(contentsOf: URL(filePath: path), encoding: .utf8) else { return nil }
        return text.split(separator: " ").first.flatMap { Int32($0) }
    }

    // MARK: Pipes

    /// Two ends of a pipe that blocks, for threads of their own.
    private struct Ends {
        var reading: Int32
        var writing: Int32

        init() throws(SystemError) {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw SystemError("make a pipe") }
            (reading, writing) = (ends[0], ends[1])
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }

        func closeBoth() {
            close(reading)
            close(writing)
        }
    }

    private static func read(
        _ descriptor: Int32, _ piece: @escaping @Sendable (ArraySlice<UInt8>) -> Void,
        atEnd: @escaping @Sendable () -> Void
    ) {
        Thread.detach {
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = Glibc.read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                piece(buffer[..<count])
            }
            close(descriptor)
            atEnd()
        }
    }

    private static func text(of descriptor: Int32) async -> String {
        let bytes = Locked<[UInt8]>([])
        await withCheckedContinuation { continuation in
            read(descriptor) { piece in
                bytes.withLock { $0 += piece }
            } atEnd: {
                continuation.resume()
            }
        }
        return String(decoding: bytes.withLock { $0 }, as: UTF8.self)
    }
}
