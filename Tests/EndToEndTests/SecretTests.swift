import Digests
import FoundationEssentials
import Glibc
import JSON
import Runtime
import TestSupport
import Testing

/// Canaries go through every path that a secret can take, and nothing of them is left anywhere.
@Suite struct SecretTests {
    /// Each path has its own, so that one that got out says where.
    private static let canaries = [
        "variable": "CANARYvariable7f3a", "query": "CANARYquery91bc", "password": "CANARYpassword4e0d",
        "signature": "CANARYsignaturea8d2", "address": "CANARYaddress55e1",
    ]

    private func canary(_ path: String) -> String { Self.canaries[path] ?? "" }

    /// Answers with what the benchmark needs where the credentials are right, and keeps what it heard.
    private static func peer(_ heard: Locked<[String]>) throws -> RawServer {
        try RawServer { connection in
            let head = connection.read(until: "\r\n\r\n")
            heard.withLock { $0.append(head) }
            let status = head.hasPrefix("GET /denied") ? "403 Forbidden" : "200 OK"
            connection.write("HTTP/1.1 \(status)\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndata")
        }
    }

    private func prepare(_ stack: Stack, _ port: UInt16) throws {
        for name in ["variable", "query", "password", "signature"] {
            chmod(try stack.folder.write("secrets/\(name)", canary(name) + "\n"), 0o600)
        }
        try stack.folder.write(
            "home/bai.toml",
            """
            [secrets]
            folder = "\(stack.folder.file("secrets"))"
            [notifications.webhook.team]
            url = "http://127.0.0.1:\(port)/hook/\(canary("address"))"
            secret_file = "\(stack.folder.file("secrets/signature"))"
            """)
    }

    private func descriptor(_ stack: Stack, _ port: UInt16) throws -> String {
        let digest = Digest.of(canary("variable")).hexadecimal
        return try stack.descriptor(
            "canary",
            // Its command line has no `$` in it that a shell of another process would have to see.
            script: """
                printf %s $TOKEN | sha256sum | grep -q \(digest) && cat data/set && bai-emit latency=9ms && \
                while [ ! -e $GO ]; do sleep 0.05; done
                """,
            extra: """
                [env.vars]
                TOKEN = "${secret.variable}"
                GO = "\(stack.folder.file("go"))"
                [[data.sources]]
                src = "http://ada:${secret.password}@127.0.0.1:\(port)/set?token=${secret.query}"
                path = "/data/set"
                [[output.metrics]]
                name = "latency"
                units = "ms"
                [[alarms]]
                metric = "latency"
                above = 1
                notify = ["webhook:team", "log", "stdout"]
                """)
    }

    @Test func nothingOfASecretIsLeftAnywhere() async throws {
        let heard = Locked<[String]>([])
        let peer = try Self.peer(heard)
        let stack = try Stack()
        try prepare(stack, peer.port)
        var told = ""
        do {
            try await stack.succeed("up")
            let file = try descriptor(stack, peer.port)
            told += try await stack.succeed("run", file, "-o", "name")
            let isRunning = try await eventually {
                try await stack.json("get", "benchmark", "latest")["summary"]?["status"] == "RUNNING"
            }
            try #require(isRunning)
            expectCommandLinesWithout(Self.canaries.values.sorted())
            try stack.folder.write("go", "")
            let hasSucceeded = try await eventually {
                try await stack.json("get", "benchmark", "latest")["summary"]?["status"] == "SUCCEEDED"
            }
            #expect(hasSucceeded)
            told += try await stack.succeed("describe", "latest")
            told += try await failures(stack, peer.port)
            let isNotified = await eventually {
                heard.withLock { $0.contains { $0.hasPrefix("POST /hook") } }
            }
            #expect(isNotified)
            told += try await everything(stack)
        } catch {
            try await stack.down()
            throw error
        }
        try await stack.down()
        // The secrets did their work.
        let heads = heard.withLock { $0 }
        let basic = Data("ada:\(canary("password"))".utf8).base64EncodedString()
        #expect(heads.contains { $0.contains(basic) && $0.contains("token=\(canary("query"))") })
        #expect(heads.contains { $0.contains("/hook/\(canary("address"))") && $0.contains("Bai-Signature") })
        for (path, canary) in Self.canaries {
            #expect(!told.contains(canary), "baictl told the secret of \(path)")
        }
        try expectFilesWithout(Self.canaries.values + [basic], below: stack.home)
    }

    /// Runs that fail say why, and not with what.
    private func failures(_ stack: Stack, _ port: UInt16) async throws -> String {
        var told = ""
        let sources = [
            "http://ada:${secret.password}@127.0.0.1:\(port)/denied?token=${secret.query}",
            "http://127.0.0.1:1/?token=${secret.query}&other=${secret.missing}",
            "http://ada:\(canary("password"))@127.0.0.1:\(port)/",
        ]
        for (number, source) in sources.enumerated() {
            let file = try stack.descriptor(
                "failing\(number)", script: "true",
                extra: "[[data.sources]]\nsrc = \"\(source)\"\npath = \"/a\"")
            let output = try await stack.baictl("run", file, "--wait")
            #expect(output.exit != .code(0))
            told += output.standardOutput + output.standardError
            told += try await stack.succeed("describe", "latest")
        }
        #expect(told.contains("AccessDenied") && told.contains("SecretUnavailable"))
        #expect(told.contains("secret_in_address"))
        return told
    }

    /// What every command that shows something shows.
    private func everything(_ stack: Stack) async throws -> String {
        let commands = [
            ["list"], ["list", "-o", "json"], ["describe", "latest"], ["get", "benchmark", "latest"],
            ["logs", "latest"], ["metrics", "latest"], ["config", "explain"],
            ["config", "explain", "-o", "json"], ["status"], ["doctor"], ["get", "alarms"],
            ["get", "alarms", "-o", "json"], ["get", "deadletters"],
        ]
        var told = ""
        for command in commands {
            let output = try await Programs.run("baictl", command, environment: stack.environment)
            #expect(output.succeeded, "\(command)")
            told += output.standardOutput + output.standardError
        }
        return told
    }

    private func expectCommandLinesWithout(_ canaries: [String]) {
        for canary in canaries {
            let found = Stack.commandLines().filter { $0.contains(canary) }
            #expect(found == [], "anybody can see it with ps")
        }
    }

    private func expectFilesWithout(_ texts: [String], below folder: String) throws {
        var count = 0
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            var status = stat()
            guard lstat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                name != "bai.toml"
            else { continue }
            let bytes = try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
            count += 1
            for text in texts {
                #expect(bytes.firstRange(of: Data(text.utf8)) == nil, "\(text) is in \(name)")
            }
        }
        #expect(count > 20, "the databases, the logs and the attempts were looked at")
    }
}
