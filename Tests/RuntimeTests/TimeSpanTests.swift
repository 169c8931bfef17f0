import Testing

@testable import Runtime

@Suite struct TimeSpanTests {
    @Test(arguments: [
        ("30m", 1800.0), ("1h30m", 5400), ("90s", 90), ("500ms", 0.5), ("7d", 604_800), ("1w", 604_800),
        ("0s", 0),
        ("1.5h", 5400), ("1d2h3m4s5ms", 93_784.005), ("010s", 10),
    ])
    func aDurationIsReadAndKeepsItsText(text: String, seconds: Double) throws {
        let span = try #require(TimeSpan(text))
        #expect(span.duration.inSeconds == seconds)
        #expect(span.text == text)
    }

    @Test(arguments: [
        "", "30", "m", "30 m", "-30m", "+3m", "30M", "1m1h", "1m1m", "1..5h", ".5h", "5.h", "1e3s", "0x10s",
        "infs",
        "3653d1s", "999999999999999999999w", "٣m", "1h ", "PT1H", "1h30",
    ])
    func anythingElseIsNoDuration(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test(arguments: [
        (TimeSpan.hours(6), "6h"), (.hours(24), "1d"), (.minutes(90), "1h30m"), (.seconds(0), "0s"),
        (TimeSpan(.milliseconds(1500)), "1s500ms"), (TimeSpan(.seconds(-3)), "0s"), (.days(7), "7d"),
    ])
    func aDurationIsWrittenWithTheFewestUnits(span: TimeSpan, text: String) throws {
        #expect(span.text == text)
        #expect(try #require(TimeSpan(text)) == span)
    }
}

@Suite struct ByteSizeTests {
    @Test(arguments: [
        ("10GB", 10_000_000_000), ("4GiB", 4_294_967_296), ("4Gi", 4_294_967_296), ("1.5kB", 1500),
        ("100B", 100),
        ("0B", 0), ("512Mi", 536_870_912), ("2k", 2000),
    ])
    func aSizeIsReadAndKeepsItsText(text: String, bytes: Int64) throws {
        let size = try #require(ByteSize(text))
        #expect(size.bytes == bytes)
        #expect(size.text == text)
    }

    @Test(arguments: ["", "10", "GB", "10 GB", "-1GB", "10gb", "99999999TiB", "1e3B", "10GBB", "0x1B", "٣B"])
    func anythingElseIsNoSize(text: String) {
        #expect(ByteSize(text) == nil)
    }

    @Test func aSizeIsWrittenWithTheLargestUnitThatFits() {
        #expect(ByteSize.gibibytes(4).text == "4GiB")
        #expect(ByteSize(bytes: 1536).text == "1536B")
        #expect(ByteSize(bytes: 0).text == "0B")
        #expect(ByteSize(ByteSize.mebibytes(3).text) == .mebibytes(3))
    }
}
