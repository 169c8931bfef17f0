import JSON
import Testing

private struct Sample: Codable, Equatable {
    var name: String
    var values: [Double]
    var nested: [String: Int]
}

@Suite struct JSONTests {
    @Test func equalValuesHaveEqualBytes() throws {
        let value: JSONValue = ["b": 1, "a": ["z": true, "y": .null, "x": 1.5], "c": "images/sec"]
        let text = try JSONCoding.text(value)
        #expect(text == #"{"a":{"x":1.5,"y":null,"z":true},"b":1,"c":"images/sec"}"#)
        for _ in 0..<20 { #expect(try JSONCoding.text(value) == text) }
    }

    @Test func aTreeSurvivesTheWayThereAndBack() throws {
        let value: JSONValue = [
            "integer": 9_007_199_254_740_993, "number": 0.1, "text": "Größe \"quoted\" \n",
            "list": [1, "two", .null, false],
            "empty": [:], "none": [],
        ]
        #expect(try JSONCoding.decode(JSONValue.self, from: JSONCoding.encode(value)) == value)
    }

    @Test func infinitiesTravelAsWords() throws {
        let sample = Sample(name: "s", values: [.infinity, -.infinity, 1], nested: [:])
        let bytes = try JSONCoding.encode(sample)
        #expect(String(decoding: bytes, as: UTF8.self).contains(#"["Infinity","-Infinity",1]"#))
        #expect(try JSONCoding.decode(Sample.self, from: bytes) == sample)
    }

    @Test func anErrorNamesThePath() {
        #expect(throws: JSONError(path: "nested", message: "is missing")) {
            try JSONCoding.decode(Sample.self, from: Array(#"{"name":"s","values":[]}"#.utf8))
        }
        do {
            _ = try JSONCoding.decode(
                Sample.self, from: Array(#"{"name":"s","values":[1,"x"],"nested":{}}"#.utf8))
            Issue.record("a word is no number")
        } catch {
            #expect(error.path == "values.[1]")
        }
    }

    @Test(arguments: ["", "{", "[1,,2]", "{\"a\":}", "nul", "\u{0}", "{\"a\":1}x"])
    func whatIsNoJSONIsAnErrorAndNoCrash(text: String) {
        #expect(throws: JSONError.self) { try JSONCoding.decode(JSONValue.self, from: Array(text.utf8)) }
    }

    @Test func membersAreReachedByTheirNames() {
        var value: JSONValue = ["a": ["b": 2]]
        #expect(value["a"]?["b"]?.integer == 2)
        #expect(value["a"]?["b"]?.number == 2.0)
        value["c"] = "new"
        #expect(value["c"]?.string == "new")
        #expect(value["missing"] == nil)
        #expect(JSONValue.string("x")["a"] == nil)
    }
}
