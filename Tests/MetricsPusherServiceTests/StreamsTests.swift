import Events
import MetricStore
import Testing

@testable import MetricsPusherService

@Suite struct StreamsTests {
    private func stream(
        _ kind: StreamKind, rank: Int = 0, count: Int64 = 3, announced: Int64? = 3
    ) -> StreamStatistics {
        StreamStatistics(
            attempt: 1, rank: rank, kind: kind, count: count, last: count, announced: announced)
    }

    @Test func anAttemptHasEndedWhenBothOfItsStreamsHave() {
        let attempt = Given.attempt(1)
        #expect(!Streams([]).hasEnded(attempt))
        #expect(!Streams([stream(.metrics)]).hasEnded(attempt))
        #expect(!Streams([stream(.metrics), stream(.lines, announced: nil)]).hasEnded(attempt))
        #expect(Streams([stream(.metrics), stream(.lines)]).hasEnded(attempt))
    }

    @Test func everyRankThatWasHeardOfHasToEnd() {
        let others = [stream(.metrics), stream(.lines)]
        #expect(!Streams(others + [stream(.metrics, rank: 1, announced: nil)]).hasEnded(Given.attempt(1)))
        #expect(Streams(others + [stream(.metrics, rank: 1)]).hasEnded(Given.attempt(1)))
    }

    @Test func anAttemptWhoseAgentDiedIsNotWaitedFor() {
        #expect(Streams([]).hasEnded(Given.attempt(1, metrics: nil, lines: nil, status: .error)))
        #expect(!Streams([]).hasEnded(Given.attempt(1, metrics: nil, lines: 4, status: .error)))
    }

    @Test func whereTheAttemptSucceededItsAgentIsWaitedForThoughNobodySaysWhatItCounted() {
        let attempt = Given.attempt(1, metrics: nil, lines: nil)
        #expect(!Streams([]).hasEnded(attempt))
        #expect(Streams([stream(.metrics), stream(.lines)]).hasEnded(attempt))
    }

    @Test func everyRankOfASuccessfulGroupHasToEndHeardOfOrNot() {
        let first = [stream(.metrics), stream(.lines)]
        let second = [stream(.metrics, rank: 1), stream(.lines, rank: 1)]
        let attempt = Given.attempt(1, metrics: 6, lines: 6)
        #expect(!Streams(first, ranks: 2).hasEnded(attempt))
        #expect(!Streams(first + second.prefix(1), ranks: 2).hasEnded(attempt))
        #expect(Streams(first + second, ranks: 2).hasEnded(attempt))
        // One that failed may have had ranks that never began.
        #expect(Streams(first, ranks: 2).hasEnded(Given.attempt(1, status: .failed)))
    }

    @Test func theCountsOfAllRanksTogetherAreHeldAgainstTheOutcomes() {
        let attempt = Given.attempt(1, metrics: 6)
        #expect(Streams([stream(.metrics), stream(.metrics, rank: 1)]).missing(.metrics, of: attempt) == 0)
        #expect(Streams([stream(.metrics)]).missing(.metrics, of: attempt) == 3)
        let short = stream(.metrics, rank: 1, count: 1, announced: 3)
        #expect(Streams([stream(.metrics), short]).missing(.metrics, of: attempt) == 2)
    }

    @Test func aGapCountsTheSameWhetherOrNotTheEndIsThere() {
        let attempt = Given.attempt(1, metrics: 3)
        #expect(Streams([stream(.metrics, count: 1)]).missing(.metrics, of: attempt) == 2)
        #expect(Streams([stream(.metrics, count: 1, announced: nil)]).missing(.metrics, of: attempt) == 2)
        #expect(Streams([]).missing(.metrics, of: attempt) == 3)
        #expect(Streams([stream(.metrics)]).missing(.metrics, of: attempt) == 0)
        #expect(Streams([]).missing(.metrics, of: Given.attempt(1, metrics: nil)) == 0)
    }
}
