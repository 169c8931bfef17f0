import Glibc
import Runtime
import TestSupport
import Testing

@testable import SQLiteLog

@Suite(.timeLimit(.minutes(1))) struct TurnsTests {
    let folder: TemporaryFolder
    /// Two processes' views of the same turns.
    let ours: Turns
    let theirs: Turns

    init() throws {
        folder = try TemporaryFolder()
        ours = try MembersFile(besides: folder.file("log.db")).turns
        theirs = try MembersFile(besides: folder.file("log.db")).turns
    }

    /// How long a candidate waits that trusts the others for an hour.
    func wait(after body: @escaping @Sendable () -> Void) async -> Duration {
        await withCheckedContinuation { continuation in
            Thread.detach { [ours] in
                let candidate = Turns.Candidate(ours, trust: .seconds(3600))
                candidate.begin()
                body()
                let start = ContinuousClock.now
                candidate.wait()
                continuation.resume(returning: start.duration(to: .now))
            }
        }
    }

    @Test func aTurnThatEndedBeforeTheWaitIsNotMissed() async {
        let theirs = theirs
        let time = await wait { theirs.end() }
        #expect(time < .seconds(30))
    }

    @Test func whoSleepsIsWoken() async throws {
        let (ours, theirs) = (ours, theirs)
        let isOver = Locked(false)
        let waiting = Task {
            let time = await wait {}
            isOver.withLock { $0 = true }
            return time
        }
        #expect(await eventually { ours.isSomebodyWaiting })
        // One end is enough; more do no harm where the first one came before the wait.
        #expect(
            await eventually {
                theirs.end()
                return isOver.withLock { $0 }
            })
        let time = await waiting.value
        #expect(time < .seconds(30))
        #expect(!ours.isSomebodyWaiting)
    }

    @Test func whoWaitsForADeadProcessLooksAgain() async {
        let candidate = Turns.Candidate(ours, trust: .milliseconds(1))
        candidate.begin()
        #expect(!candidate.hasWaited)
        candidate.wait()
        #expect(candidate.hasWaited)
    }

    @Test func theDeadAreForgottenByWhoOpensTheLogAlone() async throws {
        let file = try OpenFile(folder.file("log.db-members"))
        var one: UInt32 = 1
        #expect(pwrite(file.descriptor, &one, 4, 12) == 4)
        #expect(ours.isSomebodyWaiting)
        ours.reset()
        #expect(!theirs.isSomebodyWaiting)
    }
}
