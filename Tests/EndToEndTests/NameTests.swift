import Digests
import FoundationEssentials
import JSON
import Runtime
import TestSupport
import Testing

/// Names and values that would be something else to a shell, a terminal, a template or a table.
@Suite struct NameTests {
    private static let nasty = #"a"b'c; $(touch pwned) `touch pwned` {{ .Values }} \n|&<>*"#
    private static let direction = "\u{202E}gpj"

    private func quoted(_ text: String) throws -> String { try JSONCoding.text(text) }

    @Test func theyReachTheBenchmarkAsTheyAreAndNobodyElse() async throws {
        try await Stack.with { stack in
            let value = Self.nasty + "\u{1B}[31m\n" + Self.direction
            let digest = Digest.of(value).hexadecimal
            try stack.folder.write("data '$(x)\";.txt", "content")
            let file = try stack.folder.write(
                "names.toml",
                """
                spec_version = "0.1.0"
                [info]
                task_name = \(try quoted(Self.nasty + Self.direction))
                description = "a test"
                [hardware]
                instance_type = "local"
                [env]
                docker_image = "none"
                [env.vars]
                NASTY = \(try quoted(value))
                [ml]
                benchmark_code = '''sh -c 'printf %s "$NASTY" | sha256sum | grep -q \(digest) && printf "\\033[31m1red\\n" && \
                cat data/*' '''
                [[data.sources]]
                src = "data '$(x)\\";.txt"
                path = "/data/x '$(y)\\";"
                [[output.metrics]]
                name = \(try quoted(Self.nasty))
                pattern = '([0-9])red'
                """)
            let run = try await stack.baictl("run", file, "--wait")
            #expect(run.exit == .code(0), "\(run.standardError)")
            let list = try await stack.json("list")
            #expect(list.array?.first?["name"]?.string == Self.nasty + Self.direction)
            let table = try await stack.succeed("list")
            #expect(!table.contains(Self.direction) && table.contains("\\u{202e}gpj"))
            #expect(table.split(separator: "\n").count == 2, "a header and a row")
            let logs = try await stack.succeed("logs", "latest")
            #expect(logs.contains("content"), "\(logs)")
            #expect(try await stack.succeed("describe", "latest").contains("\u{202E}") == false)
            let names = try FileManager.default.subpathsOfDirectory(atPath: stack.folder.path)
            #expect(!names.contains { $0.hasSuffix("pwned") }, "a shell saw it")
        }
    }
}
