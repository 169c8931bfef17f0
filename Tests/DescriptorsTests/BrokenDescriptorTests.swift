import Diagnostics
import FoundationEssentials
import JSON
import Testing

@testable import Descriptors

@Suite struct BrokenDescriptorTests {
    static let names = Repository.names(in: "descriptors/broken", suffix: ".toml")

    @Test(arguments: names)
    func aBrokenDescriptorIsAnsweredAsExpected(name: String) throws {
        let reading = try Repository.read("descriptors/broken/\(name)")
        let report = reading.problems.report + "\n"
        let file = "descriptors/broken/\(name.dropLast(".toml".count)).expected"
        #expect(report == (try Repository.expected(file, recording: report)))
        #expect(!reading.problems.isEmpty)
        #expect((reading.descriptor == nil) == reading.problems.hasErrors)
    }

    /// What is wrong here must not be repeated.
    private static let hidden: Set = ["secret_in_address", "secret_in_query"]

    @Test func aSecretThatWasWrittenDownIsNotRepeated() throws {
        let reading = try Repository.read("descriptors/broken/secrets.toml")
        #expect(Self.hidden.isSubset(of: reading.problems.map(\.code)))
        let told = try reading.problems.report + JSONCoding.text(reading.problems)
        #expect(!told.contains("hunter2") && !told.contains("0123456789abcdef"))
        let argument = "data.sources=[{src='https://ada:hunter2@example.com/', path='/a'}]"
        let problems = DescriptorReader.read("", filename: "d.toml", overrides: [argument]).problems
        #expect(problems.contains { $0.code == "secret_in_address" && $0.source == "--set data.sources" })
        #expect(!problems.filter { $0.code == "secret_in_address" }.report.contains("hunter2"))
    }

    @Test(arguments: names)
    func everyProblemHasItsPlace(name: String) throws {
        for problem in try Repository.read("descriptors/broken/\(name)").problems {
            #expect(problem.source == name)
            #expect((problem.line ?? 0) >= 1 && (problem.column ?? 0) >= 1, "\(problem)")
            #expect((problem.excerpt == nil) == Self.hidden.contains(problem.code))
        }
    }

    @Test func aProblemAsJSONHasEveryPart() throws {
        let reading = DescriptorReader.read(
            "[run]\nrepaets = 3", filename: "d.toml", overrides: ["ml.args='"])
        let problems = reading.problems.filter { $0.code != "missing_key" }
        #expect(
            try JSONCoding.text(problems, pretty: false) == """
                [{"code":"unknown_key","column":1,"excerpt":{"caret":0,"text":"repaets = 3"},"key":"run.repaets","line":2,\
                "message":"unknown key \\"repaets\\" in [run]","severity":"error","source":"d.toml","suggestion":"repeats"},\
                {"code":"bad_command","excerpt":{"caret":8,"text":"ml.args='"},\
                "expected":"words as in a shell, each quote closed","key":"ml.args",\
                "message":"ml.args is \\"'\\", which has no closing '","severity":"error","source":"--set ml.args='"}]
                """)
    }

    /// The codes that stand in the sources: every rule has a broken descriptor that shows it.
    @Test func everyCodeHasItsExample() throws {
        let folder = "\(Repository.root)/Sources/Descriptors"
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
            $0.hasSuffix(".swift")
        }
        var codes = Set(MatrixError.allCases.map(\.rawValue))
        for file in files {
            let text = try Repository.text("Sources/Descriptors/\(file)")
            for match in text.matches(
                of: /(?:code: |refuse\(\s*|warn\(\s*|test\(\s*)(?:\w+ \? )?"([a-z0-9_]+)"/)
            {
                codes.insert(String(match.output.1))
            }
        }
        let shown = try Set(
            Self.names.flatMap { try Repository.read("descriptors/broken/\($0)").problems.map(\.code) })
        // These need an argument, many mistakes, or a fault of ours.
        let elsewhere: Set = ["bad_override", "more_problems", "unreadable", "cannot_read"]
        #expect(codes.count > 30)
        #expect(codes.subtracting(shown).subtracting(elsewhere) == [])
    }
}
