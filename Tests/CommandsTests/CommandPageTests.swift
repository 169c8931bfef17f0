import CommandLineArguments
import FoundationEssentials
import TestSupport
import Testing

@testable import Commands

@Suite struct CommandPageTests {
    @Test func thePageSaysWhatTheHelpSays() throws {
        let path = "\(Programs.root)/docs/commands.md"
        let page = CommandLineTool.parser.page(
            title: "Commands",
            introduction: """
                What `baictl help COMMAND` prints, on one page. Data goes to standard output, everything else to standard
                error; `-o json` keeps its shape from version to version, tables do not. `baictl help exit-codes` lists the
                exit codes:

                | code | meaning |
                |---|---|
                \(ExitCode.allCases.map { "| \($0.rawValue) | \($0.meaning) |" }.joined(separator: "\n"))
                """)
        if ProcessInfo.processInfo.environment["BAI_RECORD"] != nil {
            try Data(page.utf8).write(to: URL(filePath: path))
        }
        let written = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        #expect(written == page, "if this is meant: BAI_RECORD=1 swift test --filter CommandPageTests")
    }

    @Test func everyCommandHasAnExampleOrSpeaksForItself() {
        for command in CommandLineTool.parser.commands {
            #expect(!command.summary.hasSuffix("."), "\(command.path)")
            #expect(command.summary.count < 80, "\(command.path)")
        }
    }

    @Test func noTwoCommandsHaveTheSameWords() {
        let words = CommandLineTool.parser.commands.flatMap { [$0.path] + $0.aliases }
        #expect(Set(words).count == words.count)
    }

    @Test func noTwoOptionsOfACommandShareAName() {
        let parser = CommandLineTool.parser
        for command in parser.commands {
            let options = command.options + parser.commonOptions
            #expect(Set(options.map(\.name)).count == options.count, "\(command.path)")
            let shorts = options.compactMap(\.short)
            #expect(Set(shorts).count == shorts.count, "\(command.path)")
        }
    }
}
