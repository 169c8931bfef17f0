import Runtime
import TestSupport
import Testing

/// Clocks that jump, and programs that are started before and after.
@Suite struct ClockTests {
    /// A machine whose clocks a test sets.
    private final class Machine: Sendable {
        private let state: Locked<(wall: Int64, elapsed: Int64)>
        let boot: String

        init(boot: String = "boot", wall: Int64 = 1_700_000_000_000) {
            state = Locked((wall, 50_000))
            self.boot = boot
        }

        var clocks: MachineClocks {
            MachineClocks(
                boot: boot, wall: { [state] in state.withLock { $0.wall } },
                elapsed: { [state] in state.withLock { $0.elapsed } })
        }

        func pass(_ duration: Duration) {
            state.withLock { state in
                state.wall += duration.wholeMilliseconds
                state.elapsed += duration.wholeMilliseconds
            }
        }

        func setClock(by step: Duration) {
            state.withLock { $0.wall += step.wholeMilliseconds }
        }
    }

    private static let jumps: [Duration] = [
        .seconds(3600), .seconds(-3600), .seconds(86_400), .seconds(-86_400),
    ]

    @Test(arguments: jumps)
    func aProgramThatRunsTakesNoNoticeOfAJump(_ jump: Duration) {
        let machine = Machine()
        let time = SystemTime(clocks: machine.clocks)
        let start = time.now
        machine.setClock(by: jump)
        machine.pass(.seconds(5))
        #expect(time.now - start == .seconds(5))
    }

    @Test(arguments: jumps)
    func aProgramThatIsStartedAfterAJumpAgreesWithTheOthers(_ jump: Duration) throws {
        let (machine, folder) = (Machine(), try TemporaryFolder())
        let path = folder.file("clock")
        let first = SystemTime(anchor: try ClockAnchor.share(path, machine.clocks), clocks: machine.clocks)
        machine.setClock(by: jump)
        machine.pass(.seconds(5))
        let anchor = try ClockAnchor.share(path, machine.clocks)
        #expect(SystemTime(anchor: anchor, clocks: machine.clocks).now == first.now)
        #expect(anchor.step(machine.clocks) == jump)
    }

    @Test func whereNobodyGoesByTheOldTimeTheNewOneCounts() throws {
        let (machine, folder) = (Machine(), try TemporaryFolder())
        let path = folder.file("clock")
        _ = try ClockAnchor.share(path, machine.clocks)
        machine.setClock(by: .seconds(3600))
        try ClockAnchor.renew(path, machine.clocks)
        let anchor = try ClockAnchor.share(path, machine.clocks)
        #expect(SystemTime(anchor: anchor, clocks: machine.clocks).now.milliseconds == 1_700_003_600_000)
        #expect(anchor.step(machine.clocks) == .zero)
    }

    @Test func anotherStartOfTheMachineIsAnotherTime() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("clock")
        _ = try ClockAnchor.share(path, Machine(boot: "one").clocks)
        let later = Machine(boot: "two", wall: 1_800_000_000_000)
        #expect(ClockAnchor.read(path, later.clocks) == nil)
        #expect(try ClockAnchor.share(path, later.clocks).wall.milliseconds == 1_800_000_000_000)
    }

    @Test(arguments: ["", "boot", "boot x 1", "boot 1 2 3", "\u{0}\u{0}"])
    func aDamagedFileIsWrittenAnew(_ text: String) throws {
        let (machine, folder) = (Machine(), try TemporaryFolder())
        let path = try folder.write("clock", text)
        #expect(ClockAnchor.read(path, machine.clocks) == nil)
        let anchor = try ClockAnchor.share(path, machine.clocks)
        #expect(ClockAnchor.read(path, machine.clocks) == anchor)
    }

    @Test func aMachineThatDoesNotSayWhenItStartedSharesNothing() throws {
        let folder = try TemporaryFolder()
        let nameless = Machine(boot: "").clocks
        _ = try ClockAnchor.share(folder.file("clock"), nameless)
        #expect(ClockAnchor.read(folder.file("clock"), nameless) == nil)
    }

    @Test func whereNothingCanBeWrittenThatIsSaid() {
        #expect(throws: SystemError.self) { try ClockAnchor.share("/proc/nowhere/clock") }
    }
}
