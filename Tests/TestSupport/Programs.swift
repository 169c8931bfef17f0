internal import FoundationEssentials
internal import Glibc
package import Runtime

/// The programs that the package built, as a test runs them.
package enum Programs {
    /// The folder that they are in: beside the test bundle.
    package static let folder: String = {
        let bundle =
            CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments.first ?? ""
        let path = bundle.lastIndex(of: "/").map { String(bundle[..<$0]) } ?? "."
        return path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }()

    /// The repository's root.
    package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path().trimmingSuffix("/")

    package static func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// How a program ended and what it wrote.
    package struct Output: Sendable {
        package var exit: ChildProcess.Exit
        package var standardOutput: String
        package var standardError: String
        package var succeeded: Bool { exit == .code(0) }
    }

    /// Runs a program to its end; kills it when `deadline` passes first.
    package static func run(
        _ name: String, _ arguments: [String] = [], environment: [String: String], input: String? = nil,
        directory: String? = nil, deadline: Duration = .seconds(60)
    ) async throws -> Output {
        let folder = try TemporaryFolder()
        let input = try input.map { open(try folder.write("in", $0), O_RDONLY | O_CLOEXEC) }
        let output = open(folder.file("out"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        let errors = open(folder.file("err"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { for descriptor in [input, output, errors].compactMap({ $0 }) { close(descriptor) } }
        let child = try ChildProcess.start(
            ChildProcess.Setup(
                program: name.contains("/") ? name : path(name), arguments: arguments,
                environment: environment,
                directory: directory, standardInput: input, standardOutput: output, standardError: errors,
                group: .own))
        let isOver = Locked(false)
        let watchdog = Task {
            try await Task.sleep(for: deadline)
            isOver.withLock { if !$0 { kill(-child.processID, SIGKILL) } }
        }
        let (exit, _) = try await child.wait()
        isOver.withLock { $0 = true }
        watchdog.cancel()
        return Output(
            exit: exit,
            standardOutput: try String(contentsOf: URL(filePath: folder.file("out")), encoding: .utf8),
            standardError: try String(contentsOf: URL(filePath: folder.file("err")), encoding: .utf8))
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
