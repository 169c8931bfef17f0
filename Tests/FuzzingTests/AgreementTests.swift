import FoundationEssentials
import Fuzzing
import JSON
import Runtime
import TestSupport
import Testing

/// The Python of this machine.
private enum Python {
    /// Whether there is one that can be held against ours: the first with a reader of TOML is 3.11.
    static let readsTOML = (11...30).contains { minor in
        ["/usr/lib", "/usr/local/lib"].contains { folder in
            FileManager.default.fileExists(atPath: "\(folder)/python3.\(minor)/tomllib")
        }
    }

    /// Runs it, and gives how it ended; nil when there is none.
    static func run(_ arguments: [String]) async -> ChildProcess.Exit? {
        let environment = ProcessInfo.processInfo.environment
        let setup = ChildProcess.Setup(
            program: "/usr/bin/env", arguments: ["python3"] + arguments, environment: environment)
        return try? await ChildProcess.start(setup).wait().exit
    }
}

/// Our readers and Python's take and refuse the same texts.
@Suite(.enabled(if: Python.readsTOML, "python3 with tomllib (3.11) is not installed"))
struct AgreementTests {
    /// How each text is answered: those that Python's reader takes are true.
    private func answers(_ language: String, _ texts: [[UInt8]]) async throws -> [Bool] {
        let folder = try TemporaryFolder()
        let script = try folder.write("answer.py", AgreementTests.script)
        let lines = texts.map { $0.map { String(256 + Int($0), radix: 16).dropFirst() }.joined() }
        let input = try folder.write("texts", lines.joined(separator: "\n") + "\n")
        let exit = await Python.run([script, language, input, folder.file("answers")])
        try #require(exit == .code(0))
        let answers = try String(contentsOf: URL(filePath: folder.file("answers")), encoding: .utf8)
        return answers.map { $0 == "1" }
    }

    private static let script = """
        import json, math, sys, tomllib
        language, source, target = sys.argv[1:]
        def refuse(word): raise ValueError(word)
        # What no double can hold, Python takes for infinite or for as long an integer as it likes.
        def finite(word): return refuse(word) if math.isinf(float(word)) and "inf" not in word else word
        def takes(text):
            try:
                text = bytes.fromhex(text).decode("utf-8")
                if language == "toml": tomllib.loads(text.removeprefix("\\ufeff"), parse_float=finite)
                else: json.loads(text, parse_constant=refuse, parse_float=finite, parse_int=finite)
                return True
            except (ValueError, RecursionError): return False
        with open(source) as lines: answers = ["01"[takes(line.strip())] for line in lines]
        with open(target, "w") as file: file.write("".join(answers))
        """

    /// Mutations of what is kept for `target`.
    private func texts(_ target: FuzzTarget, count: Int) throws -> [[UInt8]] {
        let inputs = try Corpus.inputs(of: target).map(\.bytes)
        return inputs + FuzzRun(target, corpus: inputs, seed: TestSeed.value).inputs(count)
    }

    @Test(arguments: [("toml", FuzzTarget.toml), ("json", .json)])
    func pythonAnswersTheSame(language: String, target: FuzzTarget) async throws {
        let texts = try texts(target, count: 700)
        let answers = try await answers(language, texts)
        try #require(answers.count == texts.count)
        for (text, isTaken) in zip(texts, answers) where !target.mayDiffer(text) {
            #expect(
                target.takes(text) == isTaken,
                "\(String(decoding: text, as: UTF8.self).debugDescription)")
        }
        #expect(answers.contains(true) && answers.contains(false))
    }
}
