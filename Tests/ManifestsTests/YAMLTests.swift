import JSON
import Manifests
import Testing

@Suite struct YAMLTests {
    @Test func aRunReadsWell() {
        let run: JSONValue = [
            "name": "hello-world", "id": "3f2a9c1e-0b7d-4e55-9f0a-1c2d3e4f5a6b", "attempt": 1, "passed": true,
            "reason": .null, "labels": [:], "alarms": [],
            "metrics": [
                ["name": "latency", "median": 12.5, "samples": [12, 13]],
                ["name": "loss", "median": 0.00001],
            ],
            "output": "first\nsecond\n",
        ]
        #expect(
            YAML.text(of: run) == """
                alarms: []
                attempt: 1
                id: 3f2a9c1e-0b7d-4e55-9f0a-1c2d3e4f5a6b
                labels: {}
                metrics:
                - median: 12.5
                  name: latency
                  samples:
                  - 12
                  - 13
                - median: 1.0e-05
                  name: loss
                name: hello-world
                output: |
                  first
                  second
                passed: true
                reason: null

                """)
    }

    @Test func eachOfSeveralDocumentsIsMarked() {
        let documents: [JSONValue] = [["a": 1], ["b": "---\n...\n- x\n"], []]
        #expect(
            YAML.text(ofDocuments: documents) == """
                ---
                a: 1
                ---
                b: |
                  ---
                  ...
                  - x
                --- []

                """)
        #expect(YAML.text(ofDocuments: []) == "")
    }

    @Test(arguments: [
        "", "~", "null", "NULL", "true", "False", "yes", "No", "on", "OFF", "y", "N", "1", "-1", "+1",
        "1_000", "0x1F", "0o17",
        "0b1", "017", "1.5", ".5", "5.", "1e3", "1.5E-3", ".inf", "-.INF", ".NaN", "1:30", "1:30:00",
        "2026-01-31",
        "2026-01-31T10:00:00Z", "2026-1-1 10:00", "<<", "=",
    ])
    func aTextThatLooksLikeSomethingElseIsQuoted(text: String) {
        #expect(YAML.text(of: ["k": .string(text)]) == "k: '\(text)'\n")
    }

    @Test(arguments: [
        "a", "hello world", "1.2.3", "1st", "v1", "1e", "e3", "0xyz", "12:ab", "2026-01", "2026-01-31-x",
        "/a/b", "a:b", "größe",
        "10 ms", "nullable", "a#b", "-a", "..", "-",
    ])
    func anOrdinaryTextIsPlainOrQuotedByNeed(text: String) {
        let written = YAML.text(of: ["k": .string(text)])
        #expect(written == "k: \(text)\n" || (text == "-" && written == "k: '-'\n"))
    }

    @Test(arguments: [
        ("a: b", "'a: b'"), ("# a", "'# a'"), ("- a", "'- a'"), (" a", "' a'"), ("a ", "'a '"),
        ("it's", "it's"),
        ("'quoted'", "'''quoted'''"), ("[a]", "'[a]'"), ("{a}", "'{a}'"), ("*a", "'*a'"), ("&a", "'&a'"),
        ("!a", "'!a'"),
        ("%a", "'%a'"), ("@a", "'@a'"), ("a\tb", #""a\tb""#), ("a\u{1}b", #""a\x01b""#),
        ("a\u{7f}", #""a\x7F""#),
        ("a\r\nb", #""a\r\nb""#), ("\u{feff}a", #""\uFEFFa""#),
        ("🙂", #""\U0001F642""#),
    ])
    func charactersWithAMeaningAreQuoted(text: String, written: String) {
        #expect(YAML.text(of: ["k": .string(text)]) == "k: \(written)\n")
    }

    @Test(arguments: [
        ("a\nb", "|-\n  a\n  b"), ("a\nb\n", "|\n  a\n  b"), ("a\n\nb\n", "|\n  a\n\n  b"),
        ("a: b\n# c\n", "|\n  a: b\n  # c"),
    ])
    func severalLinesAreABlock(text: String, written: String) {
        #expect(YAML.text(of: ["k": .string(text)]) == "k: \(written)\n")
    }

    @Test(arguments: ["\n", "\na", "a \nb", " a\nb", "a\n\tb\u{1}", "a\n\n", "a\r\nb"])
    func linesThatABlockWouldBendAreQuoted(text: String) {
        let written = YAML.text(of: ["k": .string(text)])
        #expect(written.hasPrefix("k: '") || written.hasPrefix("k: \""))
    }

    @Test(arguments: [
        (JSONValue.integer(7), "7\n"), (.string("a"), "a\n"), (.null, "null\n"), (.array([]), "[]\n"),
        (.object([:]), "{}\n"), (.number(.infinity), ".inf\n"), (.number(-.infinity), "-.inf\n"),
        (.number(.nan), ".nan\n"),
        (.number(1), "1.0\n"), (.number(1e300), "1.0e+300\n"),
        (.array([[1, [2]], []]), "- - 1\n  - - 2\n- []\n"),
    ])
    func anyValueIsADocument(value: JSONValue, text: String) {
        #expect(YAML.text(of: value) == text)
    }

    @Test func keysAreQuotedAsTextsAre() {
        #expect(
            YAML.text(of: ["1": 1, "yes": 2, "a: b": 3, "": 4]) == "'': 4\n'1': 1\n'a: b': 3\n'yes': 2\n")
    }

    @Test func aLongLineStaysOne() {
        let text = Array(repeating: "word", count: 1000).joined(separator: " ")
        #expect(YAML.text(of: ["k": .string(text)]) == "k: \(text)\n")
    }
}
