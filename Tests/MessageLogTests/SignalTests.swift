import MessageLog
import Testing

@Suite struct SignalTests {
    @Test func whoLookedBeforeTheStrokeDoesNotWait() async {
        let signal = Signal()
        let heard = signal.count
        signal.ring()
        await signal.wait(beyond: heard, timeout: .seconds(60))
        #expect(signal.count == heard + 1)
    }

    @Test func everybodyWhoWaitsIsWoken() async {
        let signal = Signal()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { await signal.wait(beyond: 0, timeout: .seconds(60)) } }
            signal.ring()
        }
    }

    @Test func aWaitEndsWithItsTimeOrItsTask() async {
        let signal = Signal()
        await signal.wait(beyond: 0, timeout: .milliseconds(1))
        let task = Task { await signal.wait(beyond: 0, timeout: .seconds(60)) }
        task.cancel()
        await task.value
        #expect(signal.count == 0)
    }
}
