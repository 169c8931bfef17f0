import AgentService
import Descriptors
import Events
import Glibc
import JSON
import JobRunner
import Runtime
import TestSupport
import Testing

@Suite struct BenchmarkEnvironmentTests {
    private let services = [
        "PATH": "/usr/bin", "HOME": "/home/u", "LANG": "C.UTF-8", "BAI_HOME": "/state", "BAI_TOKEN": "secret",
        "EDITOR": "ed",
    ]

    private func environment(
        _ vars: [String: String] = [:], parameters: [String: JSONValue] = [:], isWarmup: Bool = false,
        library: String? = nil, services: [String: String]? = nil, materials: [Material] = [],
        secrets: SecretFolder? = nil
    ) throws -> BenchmarkEnvironment {
        let descriptor = Descriptor(
            info: .init(description: "d"), hardware: .init(instanceType: "i"),
            env: .init(dockerImage: "x", vars: vars))
        let run = RunSubmitted(
            name: "n", descriptor: descriptor, source: .init(filename: "f", document: "", sha256: ""),
            parameters: parameters, requestDigest: "", submitted: Timestamp(milliseconds: 0))
        let origin = Event(
            messageID: "m", actionID: "r1", clientID: "", clientVersion: "", clientUsername: "",
            tstamp: Timestamp(milliseconds: 0), type: "t", payload: .null)
        let job = JobSpecification(
            runID: "r1", attempt: Attempt(number: 2, repetition: 1, isWarmup: isWarmup), run: run,
            contents: [], origin: origin)
        let order = AttemptOrder(
            job: job, settings: LocalSettings(clientLibrary: library, secrets: secrets))
        return try BenchmarkEnvironment(
            order, folder: AttemptFolder("/a"), services: services ?? self.services, materials: materials)
    }

    private func variables(
        _ vars: [String: String] = [:], parameters: [String: JSONValue] = [:], isWarmup: Bool = false,
        library: String? = nil, services: [String: String]? = nil, materials: [Material] = []
    ) throws -> [String: String] {
        try environment(
            vars, parameters: parameters, isWarmup: isWarmup, library: library, services: services,
            materials: materials
        ).variables
    }

    @Test func aSecretStandsInItsVariableAndInNoCommandLine() throws {
        let folder = try TemporaryFolder()
        chmod(try folder.write("token", "a $(HOME) b\n"), 0o600)
        let environment = try environment(
            ["TOKEN": "Bearer ${secret.token}", "PLAIN": "x"], secrets: SecretFolder(folder.path))
        #expect(environment.variables["TOKEN"] == "Bearer a $(HOME) b", "taken as it is")
        let command = try BenchmarkCommand(
            .init(benchmarkCode: "run $(PLAIN) $(TOKEN)"), environment: environment.expandable)
        #expect(command.words == ["run", "x", "$(TOKEN)"])
    }

    @Test func aSecretThatIsNotThereIsNamed() throws {
        let error = #expect(throws: SecretError.self) { try environment(["A": "${secret.none}"]) }
        #expect(error?.code == .missing)
        #expect(error?.message.contains("\"none\"") == true)
    }

    @Test func theAttemptSaysWhoItIsAndWhereToReport() throws {
        #expect(
            try variables() == [
                "PATH": "/usr/bin", "HOME": "/home/u", "LANG": "C.UTF-8", "BAI_METRICS": "/a/metrics.jsonl",
                "BENCHMARK_AI": "fifo",
                "BENCHMARK_AI_FIFO_FILEPATH": "/a/metrics.fifo", "BENCHMARK_AI_FIFO_MAX_WAIT_TIME": "60",
                "BAI_RUN_ID": "r1",
                "BAI_ATTEMPT": "2", "BAI_ATTEMPT_ID": "r1/2", "BAI_REPETITION": "1", "BAI_IS_WARMUP": "0",
            ])
        #expect(try variables(isWarmup: true)["BAI_IS_WARMUP"] == "1")
    }

    @Test func withoutAPathThereIsTheUsualOne() throws {
        #expect(try variables(services: [:])["PATH"] == "/usr/local/bin:/usr/bin:/bin")
    }

    @Test func theDescriptorsVariablesWin() throws {
        let variables = try variables(["PATH": "/opt/bin", "BENCHMARK_AI": "stdout", "OWN": "x"])
        #expect(variables["PATH"] == "/opt/bin")
        #expect(variables["BENCHMARK_AI"] == "stdout")
        #expect(variables["OWN"] == "x")
    }

    @Test func theMarkOfTheAttemptCannotBeChanged() throws {
        #expect(try variables(["BAI_ATTEMPT_ID": "mine"])["BAI_ATTEMPT_ID"] == "r1/2")
    }

    @Test func theDescriptorsVariablesMaySpeakOfTheRunners() throws {
        let variables = try variables(["OUT": "$(BAI_RUN_ID)-$(HOME)", "A": "$(B)", "B": "$$(HOME)"])
        #expect(variables["OUT"] == "r1-/home/u")
        #expect(variables["A"] == "$(B)", "they have no order among themselves")
        #expect(variables["B"] == "$(HOME)")
    }

    @Test func theMatrixesValuesAreVariables() throws {
        let variables = try variables(
            ["MODE": "own"],
            parameters: ["batch-size": 32, "rate": 0.5, "fast": true, "MODE": "matrix", "nested": []])
        #expect(variables["BAI_MATRIX_BATCH_SIZE"] == "32")
        #expect(variables["batch-size"] == "32")
        #expect(variables["BAI_MATRIX_RATE"] == "0.5")
        #expect(variables["BAI_MATRIX_FAST"] == "true")
        #expect(variables["BAI_MATRIX_MODE"] == "matrix")
        #expect(variables["MODE"] == "own")
        #expect(variables["BAI_MATRIX_NESTED"] == nil)
    }

    @Test func theClientLibraryComesAfterTheBenchmarksOwnThings() throws {
        let plain = try variables(library: "/lib")
        #expect(plain["PYTHONPATH"] == "/lib/python")
        #expect(plain["PATH"] == "/usr/bin:/lib/shell")
        let own = try variables(["PYTHONPATH": "/own", "PATH": "/opt/bin"], library: "/lib")
        #expect(own["PYTHONPATH"] == "/own:/lib/python")
        #expect(own["PATH"] == "/opt/bin:/lib/shell")
    }

    @Test func contentsAreNamed() throws {
        let content = FetchedContent(
            role: .dataset, id: "train", source: "s", path: "/d/t", kind: .file, sha256: "ab", size: 1)
        var script = content
        script.role = .script
        let variables = try variables(materials: [
            Material(content: content, source: "/o/ab", path: "d/t", mode: .link, variable: "BAI_DATA_TRAIN"),
            Material(content: script, source: "/o/ab", path: "", mode: .copy, variable: nil),
        ])
        #expect(variables["BAI_DATA_TRAIN"] == "/a/work/d/t")
        #expect(variables["BAI_SCRIPTS_PATH"] == "/a/work")
    }
}
