import FoundationEssentials
import Glibc
import JSON
import KubernetesStandIn
import Runtime
import TestSupport
import Testing

/// A whole installation in a folder of a test's own, driven through `baictl` as a user would.
final class Stack: Sendable {
    let folder: TemporaryFolder
    let environment: [String: String]
    /// The cluster that attempts run on; nil where they run on this machine.
    let house: PodHouse?

    /// In the test's own folder unless the test says otherwise.
    var home: String { environment["BAI_HOME"] ?? folder.file("home") }

    init(_ variables: [String: String] = [:], attempts place: AttemptPlace = .machine, nodes: Int = 1) throws
    {
        let folder = try TemporaryFolder()
        self.folder = folder
        let house = place == .machine ? nil : try PodHouse(place, folder: folder.path, nodes: nodes)
        self.house = house
        let inherited = ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "LANG", "USER"].contains($0.key)
        }
        environment =
            inherited
            .merging([
                "BAI_HOME": folder.file("home"), "BAI_CLIENT_LIB": "\(Programs.root)/client-lib",
                "NO_COLOR": "1",
                // Tests run beside each other: that they disturb each other is no news.
                "BAI_RUNNER_WATCH_NEIGHBOURS": "false",
            ]) { $1 }
            .merging(house?.variables(folder: folder.path) ?? [:]) { $1 }
            .merging(variables) { $1 }
    }

    /// Runs `body` on a stack that is up, and takes it down whatever happens.
    static func with(
        _ variables: [String: String] = [:], attempts place: AttemptPlace = .machine, nodes: Int = 1,
        _ body: (Stack) async throws -> Void
    ) async throws {
        let stack = try Stack(variables, attempts: place, nodes: nodes)
        do {
            try await stack.succeed("up")
            try await body(stack)
        } catch {
            if let kubelet = stack.house?.kubelet { print("ended badly: \(kubelet.failures)") }
            try await stack.end()
            throw error
        }
        if let kubelet = stack.house?.kubelet {
            #expect(kubelet.startedPods > 0, "attempts were pods")
        }
        try await stack.end()
    }

    /// Takes the stack down, and the cluster with it.
    private func end() async throws {
        do {
            try await down()
        } catch {
            await house?.close()
            throw error
        }
        await house?.close()
    }

    @discardableResult
    func baictl(
        _ arguments: String..., input: String? = nil, deadline: Duration = .seconds(60)
    ) async throws -> Programs.Output {
        try await Programs.run(
            "baictl", arguments, environment: environment, input: input, deadline: deadline)
    }

    /// Runs a command that must succeed, and gives what it printed.
    @discardableResult
    func succeed(_ arguments: String..., deadline: Duration = .seconds(60)) async throws -> String {
        let output = try await Programs.run("baictl", arguments, environment: environment, deadline: deadline)
        try #require(
            output.succeeded,
            "baictl \(arguments.joined(separator: " ")): \(output.exit)\n\(output.standardError)")
        return output.standardOutput
    }

    /// What a command prints with `-o json`.
    func json(_ arguments: String...) async throws -> JSONValue {
        let output = try await Programs.run("baictl", arguments + ["-o", "json"], environment: environment)
        try #require(
            output.succeeded,
            "baictl \(arguments.joined(separator: " ")): \(output.exit)\n\(output.standardError)")
        return try JSONCoding.decode(JSONValue.self, from: Array(output.standardOutput.utf8))
    }

    /// Ends the stack; no process of it may be left.
    func down() async throws {
        try await succeed("down")
        let left = Stack.processes(mentioning: home)
        #expect(left == [], "processes left behind")
    }

    /// Writes a descriptor that runs a shell script, and gives its path.
    func descriptor(
        _ name: String, script: String, extra: String = "", hardware: String = "", image: String? = nil
    ) throws -> String {
        try folder.write(
            "\(name).toml",
            """
            spec_version = "0.1.0"
            [info]
            task_name = "\(name)"
            description = "a test"
            [hardware]
            instance_type = "local"
            \(hardware)
            [env]
            docker_image = "\(image ?? (house == nil ? "none" : PodHouse.image))"
            [ml]
            benchmark_code = '''sh -c "\(script)"'''
            \(extra)
            """)
    }

    /// The command lines of all processes of the machine, as everybody can read them.
    static func commandLines() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { Int32($0) != nil }.compactMap { name in
            Stack.bytes("/proc/\(name)/cmdline").map { bytes in
                String(decoding: bytes.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
            }
        }
    }

    /// Processes whose environment or command line mentions `text`: those of this stack, whatever became of their parents.
    static func processes(mentioning text: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { Int32($0) != nil && Int32($0) != getpid() }.compactMap { processID in
            guard let environment = Stack.bytes("/proc/\(processID)/environ"),
                let command = Stack.bytes("/proc/\(processID)/cmdline")
            else { return nil }
            let line = String(decoding: command.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
            let isOurs = String(decoding: environment, as: UTF8.self).contains(text) || line.contains(text)
            return isOurs && !line.isEmpty ? "\(processID) \(line)" : nil
        }
    }

    private static func bytes(_ path: String) -> Data? { try? Data(contentsOf: URL(filePath: path)) }
}
