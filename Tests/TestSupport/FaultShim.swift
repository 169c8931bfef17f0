internal import FoundationEssentials
internal import Glibc
internal import Runtime

/// Makes writes and syncs of a child process fail: see Tests/FaultShim/fault_shim.c.
///
/// The library is compiled by the test that wants it. As a product of the package it would be built into every release, and with the sanitizers'
/// flags; a compiler of C is there wherever the package can be built, for it has a target in C++.
package final class FaultShim: Sendable {
    /// Why the library could not be made.
    package struct CannotCompile: Error, CustomStringConvertible {
        package var description: String
    }

    /// What can be told to fail.
    package enum Call: String, Sendable, CaseIterable { case sync, write, truncate, any }
    package enum Fault: String, Sendable, CaseIterable { case EIO, ENOSPC, SHORT }

    private let folder: TemporaryFolder
    private let number = Locked(0)

    package init() async throws {
        folder = try TemporaryFolder()
        let source = "\(Programs.root)/Tests/FaultShim/fault_shim.c"
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        var said: [String] = []
        for compiler in ["cc", "clang"] {
            let candidates = path.split(separator: ":").map { "\($0)/\(compiler)" }
            guard let program = candidates.first(where: { access($0, X_OK) == 0 }) else { continue }
            let output = try await Programs.run(
                program, ["-shared", "-fPIC", "-O1", "-Wall", "-o", library, source, "-ldl", "-lpthread"],
                environment: ["PATH": path])
            if output.succeeded { return }
            said.append("\(program): \(output.standardError)")
        }
        throw CannotCompile(
            description: said.isEmpty ? "neither cc nor clang is on the PATH" : said.joined(separator: "\n"))
    }

    private var library: String { folder.file("fault_shim.so") }
    private var instructions: String { folder.file("faults") }

    /// What a program needs in its environment for its calls to fail.
    package var environment: [String: String] {
        ["LD_PRELOAD": library, "BAI_FAULTS": instructions, "BAI_WALL_CLOCK": clock]
    }

    private var clock: String { folder.file("clock") }

    /// From now on the child's wall clock is wrong by so much.
    package func setClockAhead(by seconds: Int) throws {
        try Data("\(seconds)\n".utf8).write(to: URL(filePath: clock), options: .atomic)
    }

    /// From now on calls on files whose path ends with `pattern` fail.
    ///
    /// - Parameters:
    ///   - skip: how many go well first.
    ///   - count: how many fail then; nil is all.
    package func fail(_ call: Call, _ fault: Fault, skip: Int = 0, count: Int? = 1, on pattern: String) throws
    {
        let number = number.withLock { number in
            number += 1
            return number
        }
        let line = "\(number) \(call) \(fault) \(skip) \(count ?? 0) \(pattern)\n"
        // Beside its place and then there: the child reads it while it is written.
        try Data(line.utf8).write(to: URL(filePath: instructions), options: .atomic)
    }

    /// From now on nothing fails.
    package func heal() { unlink(instructions) }
}
