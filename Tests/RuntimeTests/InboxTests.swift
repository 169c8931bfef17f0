import Runtime
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct InboxTests {
    @Test func whatWasLeftIsFoundInItsOrder() {
        let inbox = Inbox<Int>()
        for number in 1...5 { inbox.add(number) }
        #expect(inbox.take(atMost: 2, attention: .zero) == [1, 2])
        #expect(inbox.count == 3)
        #expect(inbox.take(atMost: 10, attention: .zero) == [3, 4, 5])
    }

    @Test(arguments: [Duration.zero, .microseconds(50)])
    func nobodySleepsThroughWhatIsLeftForIt(_ attention: Duration) async {
        let (there, back) = (Inbox<Int>(), Inbox<Int>())
        let rounds = 2000
        Thread.detach {
            for _ in 0..<rounds { there.take(atMost: 1, attention: attention).forEach { back.add($0) } }
        }
        let sum = await withCheckedContinuation { continuation in
            Thread.detach {
                var sum = 0
                for number in 1...rounds {
                    there.add(number)
                    sum += back.take(atMost: 1, attention: attention).reduce(0, +)
                }
                continuation.resume(returning: sum)
            }
        }
        #expect(sum == rounds * (rounds + 1) / 2)
    }

    @Test func whatManyLeaveIsFoundOnce() async {
        let inbox = Inbox<Int>()
        let (threads, each) = (4, 1000)
        for thread in 0..<threads {
            Thread.detach { for number in 0..<each { inbox.add(thread * each + number) } }
        }
        let found = await withCheckedContinuation { continuation in
            Thread.detach {
                var found: [Int] = []
                while found.count < threads * each { found += inbox.take(atMost: 64, attention: .zero) }
                continuation.resume(returning: found)
            }
        }
        #expect(found.sorted() == Array(0..<threads * each))
    }

    @Test func waitingForCompanyEndsWithoutIt() {
        let inbox = Inbox<Int>()
        inbox.add(1)
        inbox.await(2, atMost: .milliseconds(1))
        #expect(inbox.count == 1)
    }
}
