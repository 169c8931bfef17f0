import HTTPMessages
import Testing

@Suite struct PercentEncodingTests {
    @Test(arguments: [
        ("abc-._~09", "abc-._~09"), ("a/b c", "a%2Fb%20c"), ("größe", "gr%C3%B6%C3%9Fe"), ("+%", "%2B%25"),
    ])
    func textSurvivesTheWayThereAndBack(text: String, encoded: String) {
        #expect(PercentEncoding.encode(text) == encoded)
        #expect(PercentEncoding.decode(encoded) == text)
        #expect(PercentEncoding.decode(encoded, plusIsSpace: true) == text)
    }

    @Test(arguments: ["%", "%1", "%zz", "%ff", "%00", "a%C3"])
    func whatStandsForNoTextIsRefused(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test func aQuerySurvivesTheWayThereAndBack() {
        let items = [QueryItem("filter", "a=b&c"), QueryItem("q", ""), QueryItem("q", "ü +")]
        #expect(QueryItem.text(items) == "filter=a%3Db%26c&q=&q=%C3%BC%20%2B")
        #expect(QueryItem.parse(QueryItem.text(items)) == items)
    }

    @Test func aQueryOfAFormIsRead() {
        #expect(QueryItem.parse("a=1+2&&b&c=x=y") == [.init("a", "1 2"), .init("b", ""), .init("c", "x=y")])
        #expect(QueryItem.parse("") == [])
        #expect(QueryItem.parse("a=%") == nil)
    }
}
