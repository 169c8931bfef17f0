import JSON
import Manifests
import Testing

@Suite struct YAMLParserTests {
    private func value(_ text: String) throws -> JSONValue {
        try YAML.documents(in: Array(text.utf8)).first ?? .null
    }

    @Test(
        arguments: [
            ("a: 1", ["a": 1]), ("a: 1.5", ["a": 1.5]), ("a: 0x1f", ["a": 31]), ("a: '1'", ["a": "1"]),
            ("a: yes", ["a": "yes"]), ("a: true", ["a": true]), ("a: ~", ["a": .null]), ("a:", ["a": .null]),
            ("a: nan", ["a": "nan"]), ("a: 1.2.3", ["a": "1.2.3"]), ("a: !!str 1", ["a": "1"]),
            ("- b\n- {c: [d]}", ["b", ["c": ["d"]]]), ("a: |\n  x\n  y\n", ["a": "x\ny\n"]),
            ("1: a", ["1": "a"]),
            ("a: &x [1]\nb: *x", ["a": [1], "b": [1]]),
        ] as [(String, JSONValue)])
    func valuesAreReadAsTheCoreSchemaHasThem(text: String, expected: JSONValue) throws {
        #expect(try value(text) == expected)
    }

    @Test func documentsComeOneByOne() throws {
        #expect(try YAML.documents(in: Array("a: 1\n---\nb: 2\n---\n".utf8)) == [["a": 1], ["b": 2], .null])
        #expect(try YAML.documents(in: []) == [])
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let tree: JSONValue = [
            "text": "yes", "number": "1e3", "lines": "a\nb\n", "list": [1, 2.5, true, .null, "", "~"],
            "empty": [:],
            "odd": ": #- *&!|>'\"%@`", "time": "12:30", "date": "2026-01-01",
        ]
        #expect(try value(YAML.text(of: tree)) == tree)
    }

    @Test(arguments: [
        ("a: [1", 2, "did not find expected"), ("a: *x", 1, "no anchor"), ("a: 1\na: 2", 2, "is there twice"),
        ("? [1]\n: 2", 1, "a key must be a text"),
    ])
    func whatIsWrongHasItsPlace(text: String, line: Int, words: String) throws {
        let error = #expect(throws: YAMLError.self) { try value(text) }
        #expect(error?.line ?? 0 >= 1 && error?.line ?? 9 <= line + 1)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "nothing")")
    }

    @Test func aliasesThatMultiplyAreRefused() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            text +=
                "a\(level): &a\(level) [" + (0..<10).map { _ in "*a\(level - 1)" }.joined(separator: ", ")
                + "]\n"
        }
        let bomb = text
        let error = #expect(throws: YAMLError.self) { try value(bomb) }
        #expect(error?.message.contains("repeated by aliases") == true)
    }

    @Test func nestingWithoutEndIsRefused() {
        let text = String(repeating: "[", count: 10_000)
        #expect(throws: YAMLError.self) { try value(text) }
    }
}
