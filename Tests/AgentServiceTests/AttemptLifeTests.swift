import AgentService
import Events
import Testing

@Suite struct AttemptLifeTests {
    private let start = ContinuousClock.now

    private func life(silence: Duration? = nil) -> AttemptLife {
        AttemptLife(
            AttemptLife.Limits(run: .seconds(100), silence: silence, grace: .seconds(10)), start: start)
    }

    private func at(_ seconds: Int) -> AttemptLife.Instant { start + .seconds(seconds) }

    @Test func whileItRunsThereIsNothingToDo() {
        var life = life(silence: .seconds(50))
        #expect(life.tick(at: at(49)) == [])
        #expect(life.verdict == nil)
        #expect(life.due == at(50))
    }

    @Test func afterItsTimeItIsAskedToEndAndThenKilled() {
        var life = life()
        #expect(life.due == at(100))
        #expect(life.tick(at: at(100)) == [.terminate])
        #expect(life.verdict == .runTimeout)
        #expect(life.due == at(110))
        #expect(life.tick(at: at(109)) == [])
        #expect(life.tick(at: at(110)) == [.kill])
        #expect(life.due == nil)
        #expect(life.tick(at: at(200)) == [])
    }

    @Test func anySignOfLifePutsOffTheEndOfSilence() {
        var life = life(silence: .seconds(20))
        life.showedSign(at: at(15))
        #expect(life.due == at(35))
        #expect(life.tick(at: at(34)) == [])
        #expect(life.tick(at: at(35)) == [.terminate])
        #expect(life.verdict == .silenceTimeout)
    }

    @Test func signsOfLifeDoNotPutOffTheEndOfTime() {
        var life = life(silence: .seconds(20))
        life.showedSign(at: at(99))
        #expect(life.tick(at: at(100)) == [.terminate])
        #expect(life.verdict == .runTimeout)
        life.showedSign(at: at(105))
        #expect(life.tick(at: at(110)) == [.kill])
    }

    @Test func aStopHasItsOwnGrace() {
        var life = life()
        #expect(life.stop(.canceledByUser, grace: .seconds(3), at: at(5)) == [.terminate])
        #expect(life.verdict == .stopped(.canceledByUser))
        #expect(life.due == at(8))
        #expect(life.tick(at: at(8)) == [.kill])
    }

    @Test func aStopWithoutGraceKillsAtOnce() {
        var life = life()
        #expect(life.stop(.canceledByUser, grace: .zero, at: at(5)) == [.kill])
        #expect(life.stop(.canceledByUser, grace: .zero, at: at(6)) == [])
    }

    @Test func theSameWishAgainChangesNothing() {
        var life = life()
        _ = life.stop(.canceledByUser, grace: .seconds(3), at: at(5))
        #expect(life.stop(.canceledByUser, grace: .seconds(3), at: at(6)) == [])
        #expect(life.due == at(8))
    }

    @Test func aSecondWishCanOnlyShortenTheGrace() {
        var life = life()
        _ = life.stop(.canceledByUser, grace: .seconds(60), at: at(5))
        #expect(life.stop(.totalTimeout, grace: .seconds(2), at: at(6)) == [])
        #expect(life.due == at(8))
        #expect(life.verdict == .stopped(.canceledByUser), "the first reason stands")
        #expect(life.stop(.totalTimeout, grace: .zero, at: at(7)) == [.kill])
    }

    @Test func aStopDuringATimeoutKeepsTheTimeout() {
        var life = life()
        _ = life.tick(at: at(100))
        #expect(life.stop(.canceledByUser, grace: .zero, at: at(101)) == [.kill])
        #expect(life.verdict == .runTimeout)
    }

    @Test func whatUsesTooMuchIsKilledAtOnce() {
        var life = life()
        #expect(life.exceeded(.overMemory(bytes: 7), at: at(1)) == [.kill])
        #expect(life.verdict == .overMemory(bytes: 7))
        #expect(life.exceeded(.overMemory(bytes: 8), at: at(2)) == [])
        #expect(life.tick(at: at(300)) == [])
    }

    @Test func whatUsesTooMuchDuringItsGraceKeepsItsVerdict() {
        var life = life()
        _ = life.stop(.canceledByUser, grace: .seconds(3), at: at(5))
        #expect(life.exceeded(.overProcesses(9), at: at(6)) == [.kill])
        #expect(life.verdict == .stopped(.canceledByUser))
    }
}
