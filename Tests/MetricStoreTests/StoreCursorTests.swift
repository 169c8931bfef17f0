import MetricStore
import Testing

@Suite struct StoreCursorTests {
    @Test func aCursorReadsWhatItWrote() {
        let cursor = StoreCursor(attempt: 3, rank: 12, sequence: 4_000_000_000)
        #expect("\(cursor)" == "3.12.4000000000")
        #expect(StoreCursor("\(cursor)") == cursor)
    }

    @Test(arguments: ["", "1", "1.2", "1.2.3.4", "a.b.c", "1..3", "1.2.x", "99999999999999999999.0.1"])
    func anythingElseIsNoCursor(_ text: String) {
        #expect(StoreCursor(text) == nil)
    }

    @Test func attemptsComeBeforeRanksAndRanksBeforeNumbers() {
        let texts = ["1.0.9", "1.1.1", "1.1.2", "2.0.1", "10.0.1"]
        #expect(texts.compactMap { StoreCursor($0) }.sorted().map { "\($0)" } == texts)
    }
}
