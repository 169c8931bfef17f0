import Testing

@testable import Diagnostics

@Suite struct SpellingTests {
    private let keys = [
        "repeats", "retries", "timeout", "total_timeout", "warmup", "cron", "id", "md5", "docker_image",
    ]

    @Test(arguments: [
        ("repaets", "repeats"), ("Timeout", "timeout"), ("timout", "timeout"),
        ("total-timeout", "total_timeout"),
        ("warm_up", "warmup"), ("retrys", "retries"), ("corn", "cron"), ("ID", "id"), ("mda", "md5"),
        ("image", "docker_image"),
    ])
    func aNearWordIsFound(word: String, meant: String) {
        #expect(Spelling.nearest(to: word, among: keys) == meant)
    }

    @Test(arguments: ["", "x", "ix", "banana", "benchmark_code", String(repeating: "a", count: 10_000)])
    func aFarWordIsNot(word: String) {
        #expect(Spelling.nearest(to: word, among: keys) == nil)
    }

    @Test func ofEqualsTheFirstInTheAlphabetIsTaken() {
        #expect(Spelling.nearest(to: "cat", among: ["hat", "bat"]) == "bat")
    }
}
