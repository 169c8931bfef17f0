import HTTPMessages
import Testing

@Suite struct HTTPHeadersTests {
    @Test func namesAreComparedWithoutCase() {
        let headers: HTTPHeaders = ["Content-Type": "text/plain"]
        #expect(headers["content-type"] == "text/plain")
        #expect(headers["Content-Typ"] == nil)
        // `[` and `{` differ in the bit that tells the cases of letters apart.
        #expect((["a[": "1"] as HTTPHeaders)["a{"] == nil)
    }

    @Test func settingReplacesInPlaceAndNilRemoves() {
        var headers: HTTPHeaders = ["A": "1", "B": "2", "a": "3"]
        #expect(headers.values(of: "A") == ["1", "3"])
        headers["a"] = "4"
        #expect(headers == ["a": "4", "B": "2"])
        headers["A"] = nil
        #expect(headers == ["B": "2"])
        headers.add("b", "5")
        #expect(headers.values(of: "B") == ["2", "5"])
    }

    @Test(arguments: [("", "x"), ("a b", "x"), ("a:", "x"), ("a", "x\r\nb: y"), ("a", "x\ny"), ("a", "\0")])
    func aFieldThatWouldBreakTheHeadIsNotValid(name: String, value: String) {
        var headers = HTTPHeaders()
        headers.add(name, value)
        #expect(headers.fields.map(\.isValid) == [false])
    }

    @Test func anOrdinaryFieldIsValid() {
        #expect((["X-Name_1": "größe\tx", "E": ""] as HTTPHeaders).fields.map(\.isValid) == [true, true])
    }
}
