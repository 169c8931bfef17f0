import AgentService
import Descriptors
import Events
import Testing

@Suite struct VariableExpansionTests {
    private let environment = [
        "VAR_A": "A", "VAR_B": "B", "VAR_C": "C", "VAR_REF": "$(VAR_A)", "VAR_EMPTY": "",
    ]

    /// Texts and what Kubernetes makes of them.
    @Test(arguments: [
        ("$(VAR_A)", "A"), ("$(VAR_A)_X_$(VAR_B)", "A_X_B"), ("___$(VAR_B)___", "___B___"),
        ("$(VAR_EMPTY)", ""),
        ("foo$(VAR_EMPTY)bar", "foobar"), ("$(VAR_REF)", "$(VAR_A)"), ("$$(VAR_A)", "$(VAR_A)"),
        ("$$$(VAR_A)", "$A"),
        ("$$$$(VAR_A)", "$$(VAR_A)"), ("$(VAR_DNE)", "$(VAR_DNE)"), ("foo$(VAR_DNE)bar", "foo$(VAR_DNE)bar"),
        ("$VAR_A", "$VAR_A"), ("$", "$"), ("$$", "$"), ("foo$", "foo$"), ("$(", "$("), ("$(VAR_A", "$(VAR_A"),
        ("($(VAR_A)", "(A"), ("$(VAR_A))", "A)"), ("$()", "$()"), ("$(($(VAR_A))", "$(($(VAR_A))"),
        ("$?_boo_$!", "$?_boo_$!"),
        ("${VAR_A}", "${VAR_A}"), ("", ""), ("plain", "plain"), ("f000-$(VAR_A)-ö", "f000-A-ö"),
    ])
    func variablesAreReplacedAsKubernetesDoes(text: String, expanded: String) {
        #expect(VariableExpansion.expand(text, with: environment) == expanded)
    }
}

@Suite struct BenchmarkCommandTests {
    @Test func theCodeComesBeforeTheArguments() throws {
        let command = try BenchmarkCommand(
            .init(benchmarkCode: "python3 'my train.py'", args: "--data $(DATA) --n=$(N)"),
            environment: ["DATA": "/data/two words", "N": "3"])
        #expect(command.words == ["python3", "my train.py", "--data", "/data/two words", "--n=3"])
        #expect(command.program == "python3")
    }

    @Test func withoutCodeThereIsNoCommand() {
        for program in [nil, .init(), .init(benchmarkCode: "  "), .init(args: "--only")]
            as [Descriptor.Program?]
        {
            let error = #expect(throws: BenchmarkCommand.Failure.self) {
                try BenchmarkCommand(program, environment: [:])
            }
            #expect(error?.reason == .noCommand)
            #expect(error?.message.contains("env.docker_image's own entrypoint") == true)
        }
    }

    @Test func aKeyThatCannotBeSplitIsNamed() {
        let error = #expect(throws: BenchmarkCommand.Failure.self) {
            try BenchmarkCommand(.init(benchmarkCode: "x", args: "'y"), environment: [:])
        }
        #expect(error?.message == "ml.args cannot be split into words: a ' is opened and never closed")
    }
}
