internal import CLinux
internal import Events
internal import Glibc
internal import Runtime

/// Starts supervisors.
///
/// A supervisor says on its standard output when it has the attempt in hand: from then on it needs nobody.
package enum Supervision {
    /// The line by which a supervisor says that the attempt is in its hands, or needs no hands any more.
    package static let ready = "ready"

    /// How long a supervisor may take until it says so: it only writes one small file, but the machine may be very busy.
    private static let patience = Duration.seconds(15)

    /// Starts the supervisor of an attempt in a session of its own, and returns when it has the attempt in hand.
    static func start(
        _ folder: AttemptFolder, agent: String, environment: [String: String], slot: Slot?
    ) throws {
        let pipe = try Pipe()
        defer { pipe.close() }
        let errors = open(folder.agentLog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard errors >= 0 else { throw SystemError("open \(folder.agentLog)") }
        defer { close(errors) }
        var arguments = ["supervise", folder.path]
        if let descriptor = slot?.descriptor { arguments += ["--slot-descriptor", "\(descriptor)"] }
        let child = try ChildProcess.start(
            ChildProcess.Setup(
                program: agent, arguments: arguments, environment: environment,
                standardOutput: pipe.writing, standardError: errors,
                inherited: slot?.descriptor.map { [$0] } ?? [], group: .ownSession))
        withExtendedLifetime(slot) {}
        child.waitUnattended()
        pipe.closeWriting()
        guard firstLine(from: pipe.reading) == ready else {
            throw JobRunnerError(
                .startFailed, "\(agent) did not take the attempt in hand; \(folder.agentLog) may say why",
                isTransient: true)
        }
    }

    /// The first line that comes, or nil when the other end closes or time is up before there is a whole one. It blocks its thread.
    private static func firstLine(from reading: Int32) -> String? {
        let deadline = ContinuousClock.now + patience
        var line: [UInt8] = []
        while true {
            let left = (deadline - ContinuousClock.now).wholeMilliseconds
            var wanted = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            guard left > 0 else { return nil }
            if poll(&wanted, 1, Int32(clamping: left)) <= 0 { continue }
            var byte: UInt8 = 0
            guard read(reading, &byte, 1) == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
            if line.count > 100 { return nil }
        }
    }
}
