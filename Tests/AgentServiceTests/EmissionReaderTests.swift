import AgentService
import Runtime
import Testing

@Suite struct EmissionReaderTests {
    private func measured(_ line: String) throws -> Emission.Measured {
        guard case .metrics(let measured) = try EmissionReader.read(line) else {
            throw JSONLineTestError()
        }
        return measured
    }

    private struct JSONLineTestError: Error {}

    @Test func aLineOfOursSaysEverything() throws {
        let line = """
            {"bai":1,"metrics":{"loss":0.1,"count":-3},"units":{"loss":"nats"},"step":3,"time":1763699000.123456,"labels":{"k":"v"}}
            """
        let expected = Emission.Measured(
            values: [Emission.Value("loss", 0.1, unit: "nats"), Emission.Value("count", -3)], step: 3,
            time: Timestamp(milliseconds: 1_763_699_000_123), labels: ["k": "v"])
        #expect(try EmissionReader.read(line) == .metrics(expected))
    }

    @Test func theOrderOfMembersDoesNotMatter() throws {
        let measured = try measured(
            #" { "step" : 7 , "units":{"a":"s"}, "metrics" : { "a" : 1e-3 } , "bai" : 1 } "#)
        #expect(measured.values == [Emission.Value("a", 0.001, unit: "s")])
        #expect(measured.step == 7)
    }

    @Test func progressAndDropsAreRead() throws {
        #expect(
            try EmissionReader.read(
                #"{"bai":1,"progress":{"done":3,"total":10,"message":"epoch 3"},"time":1.5}"#)
                == .progress(Emission.Progress(done: 3, total: 10, message: "epoch 3")))
        #expect(
            try EmissionReader.read(#"{"bai":1,"progress":{"done":0.5}}"#)
                == .progress(Emission.Progress(done: 0.5)))
        #expect(try EmissionReader.read(#"{"bai":1,"dropped":5,"time":1763699000}"#) == .dropped(5))
    }

    @Test func everyMemberOfTheOldLibrarysLineIsAMetric() throws {
        let measured = try measured(#"{"loss": 0.25, "accuracy": "0.93", "epoch": 3, "step": " 1e3 "}"#)
        #expect(measured.values.map(\.name) == ["loss", "accuracy", "epoch", "step"])
        #expect(measured.values.map(\.value) == [0.25, 0.93, 3, 1000])
        #expect(measured.step == nil)
    }

    @Test func aNameWithoutEndIsRefusedAndTheOthersTaken() throws {
        let long = String(repeating: "n", count: 801)
        let measured = try measured(#"{"\#(long)": 1, "loss": 2}"#)
        #expect(measured.values.map(\.name) == ["loss"])
        #expect(measured.refused.count == 1 && measured.refused[0].utf8.count < 200)
    }

    @Test(arguments: [#"{"x": NaN}"#, #"{"x": "NaN"}"#, #"{"x": "nan"}"#])
    func whatIsNoNumberIsKept(line: String) throws {
        #expect(try measured(line).values.first?.value.isNaN == true)
    }

    @Test func infinitiesAreKept() throws {
        let values = try measured(
            #"{"a": Infinity, "b": -Infinity, "c": "Infinity", "d": "-Infinity", "e": 1e999}"#
        ).values
        #expect(values.map(\.value) == [.infinity, -.infinity, .infinity, -.infinity, .infinity])
    }

    @Test func membersThatAreNoNumbersAreRefusedAndTheOthersTaken() throws {
        let line =
            #"{"a":1,"b":true,"c":null,"d":"fast","e":[1,2],"f":{"g":1},"":3,"h":"0x10","i":"1 2","j":2}"#
        let measured = try measured(line)
        #expect(measured.values.map(\.name) == ["a", "j"])
        #expect(
            measured.refused == [
                "'b' is true, not a number", "'c' is null, not a number",
                "'d' is the text 'fast', not a number",
                "'e' is an array, not a number", "'f' is an object, not a number", "a metric without a name",
                "'h' is the text '0x10', not a number", "'i' is the text '1 2', not a number",
            ])
    }

    @Test func textsMayHoldAnything() throws {
        let measured = try measured(#"{"gr\u00f6\u00dfe \"x\" \\ \/ \t\uD83D\uDE42 \ud800 ü":1}"#)
        #expect(measured.values.first?.name == "größe \"x\" \\ / \t🙂 \u{fffd} ü")
    }

    @Test func labelsBecomeTexts() throws {
        let measured = try measured(
            #"{"bai":1,"metrics":{"x":1},"labels":{"gpu":0,"rate":0.5,"on":true,"none":null,"o":{}}}"#)
        #expect(measured.labels == ["gpu": "0", "rate": "0.5", "on": "true"])
    }

    @Test(arguments: [-1.0, 0, 12, 1e12, 99_999_999_999])
    func aTimeThatCannotBeIsLeftOut(time: Double) throws {
        #expect(try measured(#"{"bai":1,"metrics":{"x":1},"time":\#(time)}"#).time == nil)
    }

    @Test func membersOfLaterVersionsAreIgnored() throws {
        #expect(
            try measured(#"{"bai":1,"metrics":{"x":1},"rank":3,"nested":{"a":[{"b":null}]}}"#).values.count
                == 1)
    }

    @Test(arguments: [
        "", "x", "3", "[1]", "null", "{", "{}", "{}x", #"{"a":1"#, #"{"a":1,}"#, #"{"a"}"#, #"{"a":}"#,
        #"{a:1}"#,
        #"{"a":1}{"b":2}"#, #"{"a":1} x"#, #"{"a":tru}"#, #"{"a":0x10}"#, #"{"a":"b}"#, #"{"a":"\x"}"#,
        #"{"a":"\u12"}"#,
        #"{"a":1-2}"#, #"{"a":--1}"#, #"{"a":1.2.3}"#, #"{"a":nan}"#, #"{'a':1}"#,
        #"{"bai":2,"metrics":{"x":1}}"#,
        #"{"bai":1}"#, #"{"bai":1,"metrics":[1]}"#, #"{"bai":1,"progress":{}}"#, #"{"bai":1,"dropped":-1}"#,
        #"{"bai":1,"dropped":"5"}"#, #"{"bai":"1","metrics":{"x":1}}"#, "\u{0}", #"{"a":1"# + "\u{0}}",
    ])
    func garbageIsRefused(line: String) {
        let error = #expect(throws: JSONLineError.self) { try EmissionReader.read(line) }
        #expect(error?.description.isEmpty == false)
    }

    @Test func nestingHasAnEnd() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONLineError.self) { try EmissionReader.read(#"{"a":\#(deep)"#) }
        let objects = String(repeating: #"{"a":"#, count: 100_000)
        #expect(throws: JSONLineError.self) { try EmissionReader.read(objects) }
    }

    @Test func whereALineIsBrokenIsSaid() {
        let error = #expect(throws: JSONLineError.self) { try EmissionReader.read(#"{"loss" 3}"#) }
        #expect(error?.description == "':' was expected, at byte 8")
    }
}
