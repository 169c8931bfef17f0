import FoundationEssentials
import Glibc
import JSON
import Runtime
import TestSupport
import Testing

/// The real programs over TLS: a server on one side, `baictl` with a home of its own on the other.
@Suite struct RemoteTests {
    /// Whoever talks to a stack over the network.
    private struct Remote {
        let stack: Stack
        let url: String
        let token: String
        let certificates: Certificates

        /// Runs baictl as on another machine: it knows nothing of the stack's home.
        func baictl(_ arguments: String..., changing: [String: String?] = [:]) async throws -> Programs.Output
        {
            var environment = stack.environment
            environment["BAI_HOME"] = stack.folder.file("elsewhere")
            environment["BAI_SERVER"] = url
            environment["BAI_TOKEN"] = token
            environment["BAI_CA_FILE"] = certificates.authority
            for name in ["BAI_API_LISTEN", "BAI_API_TLS_CERTIFICATE", "BAI_API_TLS_KEY"] {
                environment[name] = nil
            }
            for (name, value) in changing { environment[name] = value }
            return try await Programs.run("baictl", arguments, environment: environment)
        }

        func succeed(_ arguments: String...) async throws -> String {
            let output = try await baictl(arguments)
            try #require(output.succeeded, "\(arguments): \(output.exit) \(output.standardError)")
            return output.standardOutput
        }

        private func baictl(_ arguments: [String]) async throws -> Programs.Output {
            var environment = stack.environment
            environment.merge([
                "BAI_HOME": stack.folder.file("elsewhere"), "BAI_SERVER": url, "BAI_TOKEN": token,
                "BAI_CA_FILE": certificates.authority,
            ]) { $1 }
            return try await Programs.run("baictl", arguments, environment: environment)
        }
    }

    private func with(_ body: (Remote) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let certificates = try await Certificates(in: folder)
        let server = try await certificates.server()
        try await Stack.with([
            "BAI_API_LISTEN": "127.0.0.1:0", "BAI_API_TLS_CERTIFICATE": server.certificate,
            "BAI_API_TLS_KEY": server.key,
        ]) { stack in
            let output = try await stack.baictl("token", "create", "ada")
            try #require(output.succeeded, "\(output.standardError)")
            let token = output.standardOutput.filter { $0 != "\n" }
            #expect(!output.standardError.contains(token))
            let port = try RemoteTests.port(of: stack)
            try await body(
                Remote(
                    stack: stack, url: "https://localhost:\(port)", token: token, certificates: certificates))
        }
    }

    /// The port that the system chose, as the service's log has it.
    private static func port(of stack: Stack) throws -> Int {
        let log = try String(contentsOf: URL(filePath: "\(stack.home)/logs/bai-bff.log"), encoding: .utf8)
        let digits = try #require(log.split(separator: "127.0.0.1:").last?.prefix { $0.isNumber })
        return try #require(Int(digits))
    }

    @Test func aBenchmarkIsRunAndFollowedOverTheNetwork() async throws {
        try await with { remote in
            try remote.stack.folder.write("mine/bench/run.sh", "cat part/data; bai-emit latency=5ms\n")
            try remote.stack.folder.write("mine/bench/part/data", "uploaded\n")
            let file = try remote.stack.folder.write(
                "mine/d.toml",
                """
                spec_version = "0.1.0"
                [info]
                task_name = "remote"
                description = "a test"
                [hardware]
                instance_type = "local"
                [env]
                docker_image = "none"
                [ml]
                benchmark_code = "sh run.sh"
                [ml.script]
                script = "bench"
                """)
            let before = try bytes(of: file)
            let first = try await remote.baictl("run", file, "--wait")
            #expect(first.succeeded, "\(first.standardError)")
            #expect(first.standardError.contains("Uploaded"))
            #expect(try bytes(of: file) == before)
            let logs = try await remote.succeed("logs", "latest", "--follow")
            #expect(logs.contains("uploaded"))
            let events = try await remote.succeed("events", "latest", "-o", "ndjson")
            #expect(events.contains("SUCCEEDED"))
            #expect(try await remote.succeed("status").contains("fetcher"))
            // The same content is not sent again, wherever it is.
            let again = try await remote.baictl(
                "run", file, "--script", remote.stack.folder.file("mine/bench"), "--wait")
            #expect(again.succeeded && !again.standardError.contains("Uploaded"), "\(again.standardError)")
            // Nothing of the token is left on the service's side, or to be seen by others.
            for name in try FileManager.default.subpathsOfDirectory(atPath: remote.stack.home) {
                var status = stat()
                let path = "\(remote.stack.home)/\(name)"
                guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
                let content = try Data(contentsOf: URL(filePath: path))
                #expect(content.firstRange(of: Data(remote.token.utf8)) == nil, "the token is in \(name)")
            }
        }
    }

    @Test func whatGoesWrongSaysWhatToDo() async throws {
        try await with { remote in
            let untrusted = try await remote.baictl("list", changing: ["BAI_CA_FILE": nil])
            #expect(untrusted.exit == .code(7) && untrusted.standardError.contains("BAI_CA_FILE"))
            let plain = try await remote.baictl(
                "list",
                changing: ["BAI_SERVER": remote.url.replacing("https://", with: "http://")])
            #expect(plain.exit == .code(9) && plain.standardError.contains("say https://"))
            let wrong = try await remote.baictl("list", changing: ["BAI_TOKEN": "bai_wrong"])
            #expect(wrong.exit == .code(7) && wrong.standardError.contains("token"))
            #expect(!wrong.standardError.contains("bai_wrong"))
            let missing = try await remote.baictl("list", changing: ["BAI_TOKEN": nil])
            #expect(missing.exit == .code(7) && missing.standardError.contains("BAI_TOKEN"))
            let open = try await remote.baictl("list", changing: ["BAI_SERVER": "http://bai.invalid:80"])
            #expect(open.exit == .code(2) && open.standardError.contains("https://"))
            let path = try remote.stack.folder.write("token", remote.token + "\n")
            chmod(path, 0o644)
            let file: [String: String?] = ["BAI_TOKEN": nil, "BAI_TOKEN_FILE": path]
            let exposed = try await remote.baictl("list", changing: file)
            #expect(exposed.exit == .code(7) && exposed.standardError.contains("chmod 600"))
            chmod(path, 0o600)
            #expect(try await remote.baictl("list", changing: file).succeeded)
            let dataset = try remote.stack.descriptor(
                "local", script: "true", extra: "[[data.sources]]\nsrc = \"/etc/hostname\"\npath = \"/d\"")
            let refused = try await remote.baictl("run", dataset)
            #expect(
                refused.exit == .code(2) && refused.standardError.contains("mistake"),
                "\(refused.standardError)")
            let explained = try await remote.baictl("config", "explain")
            #expect(explained.succeeded && !explained.standardOutput.contains(remote.token))
        }
    }
}
