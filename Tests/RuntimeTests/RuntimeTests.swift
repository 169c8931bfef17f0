import Runtime
import TestSupport
import Testing

@Suite struct RuntimeTests {
    @Test func aLogLineIsOneLineOfJSONWhateverIsInIt() {
        let lines = Locked<[String]>([])
        let log = StructuredLog(service: "bai-test") { line in lines.withLock { $0.append(line) } }
        log.info("job created", ["run.id": "4f2a", "text": "a \"b\"\n\u{1B}[31m\t\\"])
        log.debug("not shown")
        let written = lines.withLock { $0 }
        #expect(written.count == 1)
        #expect(written[0].hasSuffix(#""run.id":"4f2a","text":"a \"b\"\n\u001b[31m\t\\"}"#))
        #expect(written[0].contains(#""level":"info","service":"bai-test","message":"job created""#))
    }

    @Test func waitsDoubleUpToTheMostAndAreSpread() {
        let backoff = Backoff(first: .milliseconds(100), most: .seconds(1))
        var generator = SystemRandomNumberGenerator()
        for (attempt, full) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (50, 1000)] {
            for _ in 0..<20 {
                let delay = backoff.delay(after: attempt, using: &generator)
                #expect(delay >= .milliseconds(full / 2) && delay <= .milliseconds(full))
            }
        }
    }

    @Test func aLockIsHeldByOneAndFreeWhenItIsLetGo() throws {
        let path = try TemporaryFolder().file("gone")
        #expect(!FileLock.isHeld(path), "a file that is not there is held by nobody")
        let folder = try TemporaryFolder()
        var lock = try FileLock.tryLock(folder.file("lock"))
        #expect(lock != nil)
        #expect(try FileLock.tryLock(folder.file("lock")) == nil)
        #expect(FileLock.isHeld(folder.file("lock")))
        lock = nil
        #expect(!FileLock.isHeld(folder.file("lock")))
    }

    @Test func timeGoesForwardWithTheMonotonicClock() {
        let time = SystemTime()
        let first = time.now
        #expect(time.now >= first)
        #expect(first.milliseconds > 1_700_000_000_000)
        #expect((first + .seconds(2)) - first == .seconds(2))
    }

    @Test func manualTimeWakesWhoHasSleptEnough() async throws {
        let time = ManualTime()
        async let slept: Void = time.sleep(for: .seconds(5))
        #expect(await eventually { time.sleepers == 1 })
        time.advance(by: .seconds(5))
        try await slept
    }

    @Test func theFirstPartToEndEndsTheOthers() async throws {
        struct Broken: Error {}
        let wasCancelled = Locked(false)
        await #expect(throws: Broken.self) {
            try await runTogether([
                { throw Broken() },
                {
                    do { try await SystemTime().sleep(for: .seconds(60)) } catch {
                        wasCancelled.withLock { $0 = true }
                        throw error
                    }
                },
            ])
        }
        #expect(wasCancelled.withLock { $0 })
    }

    @Test func identifiersAreRandomUUIDsInLowerCase() {
        let ids = (0..<100).map { _ in RandomIDs().next() }
        #expect(Set(ids).count == 100)
        #expect(ids.allSatisfy { $0.count == 36 && $0 == $0.lowercased() })
    }
}
