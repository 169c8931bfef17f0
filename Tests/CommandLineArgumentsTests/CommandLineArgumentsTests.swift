import Testing

@testable import CommandLineArguments

private let parser = CommandLineParser(
    program: "bai",
    commands: [
        CommandSyntax(
            ["run", "benchmark"], aliases: [["run"]], summary: "run a benchmark",
            options: [
                .value("descriptor", short: "d", "FILE", "the descriptor"),
                .flag("watch", short: "w", "follow it"),
                .value("set", "KEY=VALUE", "override a key", isRepeated: true),
            ],
            arguments: [ArgumentSyntax("FILE", "the descriptor", isOptional: true)]),
        CommandSyntax(["get", "alarms"], summary: "list alarms"),
        CommandSyntax(
            ["get", "benchmark"], summary: "show a run", arguments: [ArgumentSyntax("RUN", "the run's id")]),
        CommandSyntax(
            ["compare"], summary: "compare runs", arguments: [ArgumentSyntax("RUN", "runs", isRepeated: true)]
        ),
    ],
    commonOptions: [.value("output", short: "o", "FORMAT", "how to print", choices: ["table", "json"])])

private func message(_ words: [String]) -> String? {
    do throws(UsageError) {
        _ = try parser.parse(words)
        return nil
    } catch {
        return error.message
    }
}

@Test func optionsMayStandAnywhereAndInAnyForm() throws {
    let spellings = [
        ["run", "benchmark", "--descriptor=a.toml", "-w"],
        ["run", "benchmark", "-w", "--descriptor", "a.toml"],
        ["run", "-wd", "a.toml"], ["run", "-da.toml", "--watch"],
    ]
    for words in spellings {
        let invocation = try parser.parse(words)
        #expect(invocation.command == ["run", "benchmark"])
        #expect(invocation.value("descriptor") == "a.toml")
        #expect(invocation.has("watch"))
    }
}

@Test func aRepeatedOptionKeepsItsOrder() throws {
    let invocation = try parser.parse(["run", "--set", "a=1", "x.toml", "--set=b=2"])
    #expect(invocation.values("set") == ["a=1", "b=2"])
    #expect(invocation.argument("FILE") == "x.toml")
}

@Test func twoDashesEndTheOptions() throws {
    #expect(try parser.parse(["get", "benchmark", "--", "-o"]).argument("RUN") == "-o")
}

@Test func aLoneDashAndANegativeNumberAreArguments() throws {
    #expect(try parser.parse(["run", "-"]).argument("FILE") == "-")
    #expect(try parser.parse(["get", "benchmark", "-1.5"]).argument("RUN") == "-1.5")
}

@Test func anArgumentThatTakesAllTakesAll() throws {
    #expect(try parser.parse(["compare", "a", "b", "c"]).arguments["RUN"] == ["a", "b", "c"])
}

@Test(arguments: [
    (["rum"], "'rum' is not a command. Did you mean run? `bai help` lists them all."),
    (
        ["get", "alarm"],
        "bai get does not know 'alarm'. Did you mean get alarms? It knows: alarms, benchmark."
    ),
    (["get"], "bai get what? One of: alarms, benchmark."),
    ([], "Say what to do: `bai help` lists the commands."),
    (["run", "--descritor=x"], "There is no option --descritor. Did you mean --descriptor?"),
    (["run", "-x"], "There is no option -x."),
    (["run", "--watch=yes"], "--watch takes no value, but was given 'yes'."),
    (["run", "--descriptor"], "--descriptor needs a value: --descriptor FILE."),
    (["run", "-d", "a", "-d", "b"], "-d was given twice."),
    (["get", "alarms", "-o", "jsn"], "-o is one of table, json, not 'jsn'. Did you mean json?"),
    (["get", "benchmark"], "RUN is missing: the run's id."),
    (["get", "alarms", "now"], "'now' is one word too many."),
])
func whatIsNotUnderstoodIsNamedWithTheWayOut(words: [String], expected: String) {
    #expect(message(words) == expected)
}

@Test func aNumberOptionRefusesWhatIsNone() throws {
    let invocation = try parser.parse(["run", "--descriptor=x3"])
    #expect(
        throws: UsageError(
            "--descriptor takes a whole number of at least 1, not 'x3'.", command: ["run", "benchmark"])
    ) {
        try invocation.integer("descriptor", atLeast: 1)
    }
}

@Test func theHelpNamesEveryOptionAndArgument() throws {
    let text = parser.help(for: parser.commands[0])
    for word in [
        "Usage: bai run benchmark [OPTIONS] [FILE]", "-d, --descriptor=FILE", "--watch", "--output=FORMAT",
    ] {
        #expect(text.contains(word), "\(word)")
    }
    #expect(parser.overview(about: "Benchmarks.").contains("get alarms"))
}

@Test func everyExitCodeIsExplained() {
    #expect(ExitCode.allCases.allSatisfy { !$0.meaning.isEmpty })
    #expect(Set(ExitCode.allCases.map(\.rawValue)).isSuperset(of: Array(0...9) + [130]))
}
