import Events
import Runs
import Runtime
import Testing

@Suite struct RunMachineTests {
    static let start = Timestamp(milliseconds: 1000)

    /// A run brought to `status` in attempt 1 (0 before there are attempts) at `start`.
    static func run(at status: RunStatus) -> RunMachine {
        var run = RunMachine(submitted: start)
        if status != .submitted { run.handle(change(status), at: start) }
        return run
    }

    /// Whether `change` moves `run`.
    static func moves(_ run: inout RunMachine, _ change: StatusChanged, after seconds: Int = 1) -> Bool {
        run.handle(change, at: start + .seconds(seconds))
    }

    static func change(
        _ status: RunStatus, attempt: Int? = nil, reason: Reason? = nil, position: Int? = nil
    ) -> StatusChanged {
        let isPerAttempt = status.order >= RunStatus.queued.order
        return StatusChanged(
            status: status, reason: reason, message: "\(status)", attempt: attempt ?? (isPerAttempt ? 1 : 0),
            position: position)
    }

    @Test(arguments: RunStatus.allCases, RunStatus.allCases)
    func onlyTheOrderOfALifeMovesARunWithinAnAttempt(from: RunStatus, to: RunStatus) {
        var run = Self.run(at: from)
        let moved = run.handle(Self.change(to), at: Self.start + .seconds(1))
        #expect(moved == (!from.isFinal && to.order > from.order))
        #expect(run.status == (moved ? to : from))
        #expect(run.since == (moved ? Self.start + .seconds(1) : Self.start))
    }

    @Test(arguments: RunStatus.allCases) func nothingFollowsAFinalStatus(to: RunStatus) {
        for final in RunStatus.allCases where final.isFinal {
            var run = Self.run(at: final)
            let moved = Self.moves(&run, Self.change(to, attempt: 9))
            #expect(!moved)
            #expect(run == Self.run(at: final))
        }
    }

    @Test func aLaterAttemptStartsOverAndAnEarlierOneIsStale() {
        var run = Self.run(at: .running)
        let moved = Self.moves(&run, Self.change(.queued, attempt: 2))
        #expect(moved)
        #expect(run.status == .queued)
        #expect(run.attempt == 2)
        let stale = Self.moves(&run, Self.change(.running, attempt: 1))
        #expect(!stale)
        #expect(run.history.map(\.status) == [.submitted, .running, .queued])
    }

    @Test func aNewPositionIsNewsButNoNewBeginning() {
        var run = Self.run(at: .queued)
        let moved = Self.moves(&run, Self.change(.queued, position: 3))
        #expect(moved)
        #expect(run.position == 3)
        #expect(run.since == Self.start)
        let again = Self.moves(&run, Self.change(.queued, position: 3), after: 2)
        #expect(!again)
        #expect(run.history.count == 2)
    }

    @Test func aFinalStatusOfAnEarlierAttemptEndsTheRunAndKeepsItsNumber() {
        var run = Self.run(at: .running)
        run.handle(Self.change(.queued, attempt: 3), at: Self.start)
        let moved = Self.moves(&run, Self.change(.canceled, attempt: 0))
        #expect(moved)
        #expect(run.attempt == 3)
    }
}
