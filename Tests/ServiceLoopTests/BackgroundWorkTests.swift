import Runtime
import ServiceLoop
import TestSupport
import Testing

@Suite struct BackgroundWorkTests {
    @Test func workOfOneKeyRunsInTheOrderInWhichItWasStarted() async {
        let work = BackgroundWork()
        let seen = Locked<[Int]>([])
        for number in 0..<50 {
            work.start("r") {
                await Task.yield()
                seen.withLock { $0.append(number) }
            }
        }
        #expect(await eventually { work.keys.isEmpty })
        #expect(seen.withLock { $0 } == Array(0..<50))
    }

    @Test func workOfDifferentKeysRunsAtTheSameTime() async {
        let work = BackgroundWork()
        let gate = Locked(0)
        for key in ["a", "b"] {
            work.start(key) {
                gate.withLock { $0 += 1 }
                _ = await eventually { gate.withLock { $0 == 2 } }
            }
        }
        #expect(await eventually { gate.withLock { $0 == 2 } })
    }

    @Test func cancellingEndsWhatRunsAndWhatWaitsButNotWhatComesLater() async {
        let work = BackgroundWork()
        let seen = Locked<[String]>([])
        work.start("r") {
            try? await ManualTime().sleep(for: .seconds(1))
            seen.withLock { $0.append("cancelled \(Task.isCancelled)") }
        }
        work.start("r") { seen.withLock { $0.append("never") } }
        work.cancel("r")
        work.start("r") { seen.withLock { $0.append("later") } }
        #expect(await eventually { work.keys.isEmpty })
        // Cancelled before it began, the first piece says nothing either.
        #expect(seen.withLock { $0.filter { $0 != "cancelled true" } } == ["later"])
    }

    @Test func whoLetsGoOfTheWorkEndsIt() async {
        let ended = Locked(false)
        do {
            let work = BackgroundWork()
            let begun = Locked(false)
            work.start("r") {
                begun.withLock { $0 = true }
                try? await ManualTime().sleep(for: .seconds(1))
                ended.withLock { $0 = true }
            }
            #expect(await eventually { begun.withLock { $0 } })
        }
        #expect(await eventually { ended.withLock { $0 } })
    }
}
