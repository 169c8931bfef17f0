import Runtime
import TestSupport
import Testing

@testable import Kubernetes

@Suite struct ConcurrencyTests {
    @Test func theWindowGrowsWithGoodAnswersAndHalvesWithOverload() {
        var window = ConcurrencyWindow()
        var now = ContinuousClock.now
        for _ in 0..<50 {
            window.note(.good, after: .milliseconds(5), inFlight: 100, at: now)
        }
        let grown = window.limit
        // By one each, as no limit was met yet.
        #expect(grown == ConcurrencyWindow.first + 50)
        window.note(.overloaded, after: .milliseconds(5), inFlight: 100, at: now)
        #expect(window.limit == grown / 2)
        // What was sent before the change cannot know of it.
        window.note(.overloaded, after: .milliseconds(5), inFlight: 100, at: now)
        #expect(window.limit == grown / 2)
        now += .seconds(1)
        window.note(.overloaded, after: .milliseconds(5), inFlight: 100, at: now)
        #expect(window.limit == grown / 4)
        window.note(.good, after: .milliseconds(5), inFlight: 100, at: now)
        #expect(window.limit == grown / 4 + 1 / (grown / 4))
    }

    @Test func theWindowStaysWithinItsBounds() {
        var window = ConcurrencyWindow()
        var now = ContinuousClock.now
        for _ in 0..<100_000 { window.note(.good, after: .milliseconds(1), inFlight: 1000, at: now) }
        #expect(window.limit == ConcurrencyWindow.most)
        for _ in 0..<20 {
            now += .seconds(10)
            window.note(.overloaded, after: .milliseconds(1), inFlight: 1000, at: now)
        }
        #expect(window.limit == ConcurrencyWindow.least)
    }

    @Test func aWindowThatIsNotUsedDoesNotGrow() {
        var window = ConcurrencyWindow()
        for _ in 0..<1000 { window.note(.good, after: .milliseconds(5), inFlight: 1, at: .now) }
        #expect(window.limit == ConcurrencyWindow.first)
    }

    @Test func answersFarSlowerThanUsualAreOverload() {
        var window = ConcurrencyWindow()
        for _ in 0..<100 { window.note(.good, after: .milliseconds(20), inFlight: 1, at: .now) }
        window.note(.good, after: .seconds(2), inFlight: 16, at: .now)
        #expect(window.limit == ConcurrencyWindow.first / 2)
    }

    @Test func noMoreAreLetThroughThanTheWindowHolds() async {
        let limit = ConcurrencyLimit()
        let inside = Locked((now: 0, most: 0))
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    #expect(await limit.enter())
                    inside.withLock {
                        $0.now += 1
                        $0.most = max($0.most, $0.now)
                    }
                    await Task.yield()
                    inside.withLock { $0.now -= 1 }
                    limit.leave(nil, after: .zero)
                }
            }
        }
        #expect(inside.withLock { $0.most } <= Int(ConcurrencyWindow.first))
    }

    @Test func whoIsCancelledWhileItWaitsIsNotLetThrough() async {
        let limit = ConcurrencyLimit()
        for _ in 0..<Int(ConcurrencyWindow.first) { #expect(await limit.enter()) }
        let waiting = Task { await limit.enter() }
        waiting.cancel()
        #expect(await waiting.value == false)
        // Its place is not taken: one that leaves makes room for one.
        limit.leave(nil, after: .zero)
        #expect(await limit.enter())
    }

    @Test func theBudgetAllowsATenthOfAllRequests() {
        var budget = RetryBudget()
        var spent = 0
        while budget.spend() { spent += 1 }
        #expect(spent == 20)
        for _ in 0..<100 { budget.earn() }
        var more = 0
        while budget.spend() { more += 1 }
        #expect((9...10).contains(more))
    }
}
