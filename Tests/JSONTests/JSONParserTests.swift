import FoundationEssentials
import JSON
import Testing

@Suite struct JSONParserTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-1", "12.5", "1e3", "-0.25E-2", "9223372036854775807", "\"\"", "[]",
        "{}",
        " { \"a\" : [ 1 , { \"b\" : null } ] , \"c\" : \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\" } ",
    ])
    func whatAnyParserReadsIsReadTheSame(text: String) throws {
        #expect(
            try JSONValue(parsing: text.utf8) == JSONCoding.decode(JSONValue.self, from: Array(text.utf8)))
    }

    @Test(arguments: [
        "", " ", "nul", "tru e", "01", "-", "1.", ".5", "1e", "+1", "NaN", "1e999", "\"", "\"\\x\"",
        "\"\\u12\"", "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"a\u{1}b\"", "[1", "[1,]", "[1 2]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
        "{a:1}", "1 2",
    ])
    func whatIsNotJSONIsRefused(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text.utf8) }
    }

    @Test func textThatIsNotUTF8IsRefused() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xff, 0x22]) }
    }

    @Test func nestingWithoutEndIsRefused() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try JSONValue(parsing: text.utf8) }
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let value: JSONValue = [
            "b": [1, -2.5, true, .null, "\u{0}\u{1f}\"\\/\n\t é😀"], "a": ["": [:]], "big": .integer(.max),
            "small": 1e-300,
        ]
        let bytes = value.bytes
        #expect(try JSONValue(parsing: bytes) == value)
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("{\"a\":"))
    }

    @Test func theTreeIsDecodedAsItsTextWouldBe() throws {
        struct Inner: Codable, Equatable {
            var name: String
            var count: Int?
            var ratio: Double
        }
        struct Outer: Codable, Equatable {
            var inner: [Inner]
            var labels: [String: String]
            var rest: JSONValue
            var flag: Bool?
            var small: UInt8
        }
        let tree: JSONValue = [
            "inner": [["name": "a", "ratio": 1], ["name": "b", "count": 2, "ratio": 0.5, "more": []]],
            "labels": ["x": "y"], "rest": ["any": [1]], "flag": .null, "small": 255,
        ]
        #expect(try tree.decoded(as: Outer.self) == JSONCoding.decode(Outer.self, from: tree.bytes))
        var wrong = tree
        wrong["small"] = 256
        let broken = wrong
        #expect(throws: JSONError(path: "small", message: "should be an integer of 8 bits, is a number")) {
            try broken.decoded(as: Outer.self)
        }
        wrong = tree
        wrong["inner"] = [["ratio": 1]]
        let incomplete = wrong
        #expect(throws: JSONError.self) { try incomplete.decoded(as: Outer.self) }
    }
}
