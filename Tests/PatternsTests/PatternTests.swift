import Patterns
import Testing

@Suite struct PatternTests {
    private func texts(_ pattern: String, _ line: String, group: Int = 0) throws -> [String?] {
        try Pattern(pattern).matches(in: line).map { $0[group].map(String.init) }
    }

    @Test func everyMatchOnALineIsFound() throws {
        let accuracy = #"accuracy=([-+]?\d*\.\d+|\d+)"#
        #expect(
            try texts(accuracy, "accuracy=0.35, something, accuracy=0.88", group: 1) == ["0.35", "0.88"])
        #expect(try texts(accuracy, "nothing of the kind") == [])
        #expect(try texts(accuracy, "") == [])
    }

    @Test func groupsAreFoundByNumberAndByName() throws {
        let pattern = try Pattern(#"(?<name>\w+)=(?:(\d+)|(?<word>[a-z]+))"#)
        #expect(pattern.groupCount == 3)
        #expect(pattern.groupNumbers == ["name": 1, "word": 3])
        let matches = try pattern.matches(in: "a=1 b=x")
        #expect(matches.map(\.text) == ["a=1", "b=x"])
        #expect(matches.map(\.groups) == [["a", "1", nil], ["b", nil, "x"]])
        #expect(matches.map { $0["word"] } == [nil, "x"])
        #expect(matches[0]["none"] == nil)
        #expect(matches[0][4] == nil)
    }

    @Test func aTrailingGroupThatTookNoPartIsNil() throws {
        #expect(try Pattern("a(b)?(c)?").matches(in: "a").map(\.groups) == [[nil, nil]])
    }

    @Test func charactersBeyondASCIIAreWhole() throws {
        #expect(try texts("größe=(.)", "größe=ß größe=🙂", group: 1) == ["ß", "🙂"])
        #expect(try texts(".", "aß🙂") == ["a", "ß", "🙂"])
    }

    @Test func emptyMatchesMoveOnByACharacter() throws {
        #expect(try texts("x*", "aß") == ["", "", ""])
        #expect(try texts("x*", "axxb") == ["", "xx", "", ""])
        #expect(try texts("^", "") == [""])
    }

    @Test func aMatchFarIntoALongLineIsFound() throws {
        let line = String(repeating: "ü", count: 30_000) + "loss=7" + String(repeating: " ", count: 1000)
        #expect(try texts(#"loss=(\d)"#, line, group: 1) == ["7"])
        #expect(try texts(#"(?<=ü)l(?=oss)"#, line) == ["l"])
        #expect(try texts(#".*loss=(\d)"#, line, group: 1) == ["7"])
    }

    @Test(arguments: [
        ("(abc", 4, "missing closing parenthesis"), ("a[b", 3, "missing terminating ] for character class"),
        ("*a", 0, "quantifier does not follow a repeatable item"),
    ])
    func aMistakeIsNamedWithItsPlace(pattern: String, offset: Int, message: String) {
        let error = #expect(throws: PatternError.self) { try Pattern(pattern) }
        #expect(error?.code == .invalid)
        #expect(error?.offset == offset)
        #expect(error?.description == "\(message), at byte \(offset) of the pattern")
    }

    @Test func aPatternTooLongIsRefused() {
        let error = #expect(throws: PatternError.self) { try Pattern(String(repeating: "a", count: 4097)) }
        #expect(error?.code == .invalid)
    }

    @Test(arguments: [
        #"(a+)+$"#, #"(a|aa)+$"#, #"(a|a?)+$"#, #"(.*)*x"#, #"^(([a-z])+.)+[A-Z]([a-z])+$"#,
        #"(?:(a)|(b)|(.))*\1z"#,
        #"(x+x+)+y|(a*)*b|(?R)?z"#,
    ])
    func aPatternThatBacktracksForeverIsStopped(source: String) throws {
        let pattern = try Pattern(source)
        let line = String(repeating: "a", count: 30_000) + "!"
        let clock = ContinuousClock()
        let time = clock.measure {
            do {
                _ = try pattern.matches(in: line)
            } catch {
                #expect((error as? PatternError)?.code == .tooCostly)
            }
        }
        // The limit is a second of processor time; the rest is for a busy machine.
        #expect(time < .seconds(20))
    }

    @Test func theClassicExampleIsTooCostly() throws {
        let pattern = try Pattern("(a+)+$")
        let error = #expect(throws: PatternError.self) {
            try pattern.matches(in: String(repeating: "a", count: 40) + "!")
        }
        #expect(error?.code == .tooCostly)
        #expect(error?.description == "match limit exceeded")
    }

    @Test func manyPlacesThatAreEachCheapAreStoppedTogether() throws {
        var limits = PatternLimits()
        limits.timePerLine = .milliseconds(50)
        let pattern = try Pattern("[ab]+[abc]*[de]", limits: limits)
        let line = String(repeating: "c" + String(repeating: "ab", count: 3000), count: 10)
        let error = #expect(throws: PatternError.self) { try pattern.matches(in: line) }
        #expect(error?.code == .tooCostly)
    }

    @Test func aLineTooLongIsNotTried() throws {
        let error = #expect(throws: PatternError.self) {
            try Pattern("a").matches(in: String(repeating: "a", count: 65_537))
        }
        #expect(error?.code == .lineTooLong)
    }

    @Test func onePatternServesManyTasksAtOnce() async throws {
        let pattern = try Pattern(#"n=(\d+)"#)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<100 {
                group.addTask {
                    try pattern.matches(in: "n=\(number)").compactMap { $0[1].flatMap { Int($0) } }.reduce(
                        0, +)
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 4950)
    }
}
