import JobRunner
import Runtime
import TestSupport
import Testing

@Suite struct LocalSlotsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func pool(_ count: Int = 1) -> LocalSlots { LocalSlots(folder: folder.path, count: count) }

    @Test func aSlotIsHeldUntilItsHolderLetsGo() async throws {
        var slot = try pool().tryTake(for: "a/1")
        #expect(slot?.number == 0)
        // Another program would use a pool of its own.
        #expect(try pool().tryTake(for: "b/1") == nil)
        slot = nil
        // Not at once: a process that another test is just starting has the lock until it is its own program.
        #expect(try await eventually { try pool().tryTake(for: "b/1") != nil })
    }

    @Test func asManyMayRunAsThereAreSlots() throws {
        let pool = pool(2)
        let slots = try [pool.tryTake(for: "a/1"), pool.tryTake(for: "b/1")]
        #expect(slots.map { $0?.number } == [0, 1])
        #expect(try pool.tryTake(for: "c/1") == nil)
    }

    @Test func whoWaitsIsServedInTheOrderOfAsking() async throws {
        let pool = pool()
        var slot = try pool.tryTake(for: "holder/1")
        let order = Locked<[Int]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...3 {
                group.addTask {
                    let slot = try await pool.take(for: "waiter/\(number)")
                    order.withLock { $0.append(number) }
                    withExtendedLifetime(slot) {}
                }
                #expect(await eventually { pool.waiting == number })
            }
            #expect(slot?.number == 0)
            slot = nil
            try await group.waitForAll()
        }
        #expect(order.withLock { $0 } == [1, 2, 3])
        #expect(try await eventually { try pool.tryTake(for: "later/1") != nil })
    }

    @Test func nobodyOvertakesWhoWaits() async throws {
        let pool = pool()
        var slot = try pool.tryTake(for: "holder/1")
        let waiter = Task { try await pool.take(for: "waiter/1") }
        #expect(await eventually { pool.waiting == 1 })
        #expect(try pool.tryTake(for: "hurried/1") == nil)
        #expect(slot != nil)
        slot = nil
        #expect(try await waiter.value.number == 0)
    }

    @Test func whoIsCancelledWhileWaitingTakesNothing() async throws {
        let pool = pool()
        var slot = try pool.tryTake(for: "holder/1")
        let waiter = Task { try await pool.take(for: "waiter/1") }
        #expect(await eventually { pool.waiting == 1 })
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        #expect(slot != nil)
        slot = nil
        #expect(try await pool.take(for: "next/1").number == 0)
    }

    @Test func aWaiterInAnotherPoolIsServedToo() async throws {
        var slot = try pool().tryTake(for: "holder/1")
        let other = pool()
        let waiter = Task { try await other.take(for: "waiter/1") }
        #expect(await eventually { other.waiting == 1 })
        #expect(slot != nil)
        slot = nil
        #expect(try await waiter.value.number == 0)
    }
}
