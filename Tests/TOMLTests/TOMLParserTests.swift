import Diagnostics
import Testing

@testable import TOML

/// Every key and value of a table with its place, one a line: `a.b @1:1 = 1 @1:5`.
func outline(_ table: TOMLTable, _ prefix: String = "") -> [String] {
    table.entries.flatMap { entry in
        let at = "\(prefix)\(entry.key) @\(entry.keyPosition.line):\(entry.keyPosition.column)"
        return outline(entry.node, at, path: "\(prefix)\(entry.key)")
    }
}

private func outline(_ node: TOMLNode, _ label: String, path: String) -> [String] {
    let place = "@\(node.position.line):\(node.position.column)"
    switch node.value {
    case .table(let table): return ["\(label) {} \(place)"] + outline(table, "\(path).")
    case .array(let nodes):
        return ["\(label) [] \(place)"]
            + nodes.enumerated().flatMap { outline($1, "\(path)[\($0)]", path: "\(path)[\($0)]") }
    case .string(let value): return ["\(label) = \"\(value)\" \(place)"]
    case .integer(let value): return ["\(label) = \(value) \(place)"]
    case .float(let value): return ["\(label) = \(value) \(place)"]
    case .boolean(let value): return ["\(label) = \(value) \(place)"]
    case .date(let value): return ["\(label) = \(value) \(place)"]
    }
}

func parse(_ text: String) throws(TOMLError) -> TOMLTable {
    try TOMLParser().parse(SourceText(name: "t.toml", bytes: Array(text.utf8)))
}

@Suite struct TOMLParserTests {
    @Test func everyKeyAndValueKnowsItsPlace() throws {
        let text = """
            title = "x"
            [a.b]
            n = 1
              f = 1.5   # a comment
            on = true
            list = [ 1, [2] ]
            t = { x = 1, y.z = 'q' }
            [[c]]
            d = 1979-05-27
            [[c]]
            e = 07:32:00.25
            """
        #expect(
            outline(try parse(text)) == [
                "title @1:1 = \"x\" @1:9",
                "a @2:2 {} @2:1",
                "a.b @2:4 {} @2:1",
                "a.b.n @3:1 = 1 @3:5",
                "a.b.f @4:3 = 1.5 @4:7",
                "a.b.on @5:1 = true @5:6",
                "a.b.list @6:1 [] @6:8",
                "a.b.list[0] = 1 @6:10",
                "a.b.list[1] [] @6:13",
                "a.b.list[1][0] = 2 @6:14",
                "a.b.t @7:1 {} @7:5",
                "a.b.t.x @7:7 = 1 @7:11",
                "a.b.t.y @7:14 {} @7:14",
                "a.b.t.y.z @7:16 = \"q\" @7:20",
                "c @8:3 [] @8:1",
                "c[0] {} @8:1",
                "c[0].d @9:1 = 1979-05-27 @9:5",
                "c[1] {} @10:1",
                "c[1].e @11:1 = 07:32:00.25 @11:5",
            ])
    }

    @Test func columnsCountCharacters() throws {
        // One letter of two code points, an emoji of five, an umlaut of two bytes.
        let text = "\"e\u{301}\" = 1\nx = { \"👩🏽‍💻\" = 'ü', z = 2 }"
        #expect(
            outline(try parse(text)) == [
                "e\u{301} @1:1 = 1 @1:7", "x @2:1 {} @2:5", "x.👩🏽‍💻 @2:7 = \"ü\" @2:13", "x.z @2:18 = 2 @2:22",
            ])
    }

    @Test func aByteOrderMarkAndCRLFAreNoMistake() throws {
        #expect(
            outline(try parse("\u{FEFF}a = 1\r\n[b]\r\nü_ = 2".replacing("ü_", with: "c")))
                == ["a @1:1 = 1 @1:5", "b @2:2 {} @2:1", "b.c @3:1 = 2 @3:5"])
    }

    @Test func charactersBeyondASCIIAreFineInEveryKindOfString() throws {
        let text = "a = \"é\"\nb = 'é'\nc = \"\"\"é\n ü\"\"\"\nd = \'\'\'é\nü\'\'\' # é"
        #expect(
            try parse(text).entries.map(\.node.value)
                == [.string("é"), .string("é"), .string("é\n ü"), .string("é\nü")])
    }

    @Test func anEmptyTextIsAnEmptyTable() throws {
        #expect(try parse("") == TOMLTable())
        #expect(try parse("# nothing\n") == TOMLTable())
    }

    @Test func theFormsOfTOMLAreRead() throws {
        let text = #"""
            bare-key_1 = "a\tb\u00e9"
            'quoted key' = """
            one \
               two"""
            literal = '''C:\x'''
            hex = 0xFF
            octal = 0o17
            binary = 0b101
            big = 1_000
            minus = -17
            inf = -inf
            exponent = 5e+2
            offset = 1979-05-27T00:32:00.999999-07:00
            local = 1979-05-27 07:32:00
            """#
        let table = try parse(text)
        let values = table.entries.map(\.node.value)
        #expect(
            values == [
                .string("a\tbé"), .string("one two"), .string("C:\\x"), .integer(255), .integer(15),
                .integer(5),
                .integer(1000), .integer(-17), .float(-.infinity), .float(500),
                .date("1979-05-27T00:32:00.999999-07:00"), .date("1979-05-27T07:32:00"),
            ])
    }

    @Test(arguments: [
        ("a = ", 1, 5), ("a = 1\na = 2", 2, 5), ("a = [1, 2\nb = 3", 2, 1), ("[a]\n[a]", 2, 1),
        ("a = hello", 1, 5),
        ("a = \"\\x\"", 1, 7), ("a.b = 1\n[a]", 2, 1), ("a = 0123", 1, 9), ("a = 1 b = 2", 1, 7),
        ("é = 1", 1, 1),
        ("x = \"ééé\" y", 1, 11), ("a = 1\u{B}b = 2", 1, 6), ("a = 99999999999999999999", 1, 25),
        ("[.a]", 1, 2), ("x = é", 1, 5), ("\u{31E}\u{7CB}", 1, 1),
    ])
    func aSyntaxErrorSaysWhere(text: String, line: Int, column: Int) {
        let error = #expect(throws: TOMLError.self) { try parse(text) }
        #expect(error?.code == .syntax)
        #expect(error?.position == SourcePosition(line: line, column: column), "\(error?.message ?? "")")
    }

    @Test func aSyntaxErrorIsAProblemWithACaret() {
        let text = SourceText(name: "d.toml", bytes: Array("[run]\nrepeats = [1, 2\n".utf8))
        let error = #expect(throws: TOMLError.self) { try TOMLParser().parse(text) }
        #expect(
            error?.problem(in: text).description == """
                d.toml:2:16: error[syntax]: in this array: encountered end-of-file
                    2 | repeats = [1, 2
                      |                ^
                """)
    }

    @Test func allSyntaxErrorsAreFoundAndTheRestIsRead() {
        let text = """
            [run]
            timeout = 30m # long
            repeats = 3
            warmup = = 1
            [env
            vars = 1
            [info]
            description = "d"
            task_name = 'x
            """
        let source = SourceText(name: "t.toml", bytes: Array(text.utf8))
        let (table, errors) = TOMLParser().parseRecovering(source)
        #expect(errors.map(\.position.line) == [2, 4, 5, 9])
        #expect(errors.map(\.suggestion) == ["timeout = \"30m\"", nil, nil, nil])
        #expect(
            outline(table) == [
                "run @1:2 {} @1:1", "run.repeats @3:1 = 3 @3:11", "info @7:2 {} @7:1",
                "info.description @8:1 = \"d\" @8:15",
            ])
    }

    @Test(arguments: [("a = \"x\nb = 1", 5), ("a = [1, 'x\n]", 9), ("a = \"\"\"x", 5), ("\"a = 1\nb = 2", 1)])
    func aStringWithoutEndIsToldAtItsBegin(text: String, column: Int) {
        let error = #expect(throws: TOMLError.self) { try parse(text) }
        #expect(error?.message == "this string has no closing quote")
        #expect(error?.position == SourcePosition(line: 1, column: column))
    }

    @Test func aTextWithoutErrorsNeedsNoRecovery() throws {
        let source = SourceText(name: "t.toml", bytes: Array("a = 1".utf8))
        let (table, errors) = TOMLParser().parseRecovering(source)
        #expect(errors.isEmpty)
        #expect(table == (try parse("a = 1")))
    }
}
