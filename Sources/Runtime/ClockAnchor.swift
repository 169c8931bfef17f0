internal import CLinux
internal import Glibc

/// What the wall clock said at one moment since this machine started. Programs that share one tell the same time, whatever happens to the wall clock
/// between their starts: somebody who sets it, or a network that corrects it by a day, moves no deadline and turns no event's time back.
///
/// It is kept in a file of one line: the machine's start, milliseconds since then, milliseconds since 1970.
package struct ClockAnchor: Equatable, Sendable {
    /// Names this start of the machine.
    package var boot: String
    /// On the clock that runs from the machine's start on, asleep or awake, in milliseconds.
    package var elapsed: Int64
    package var wall: Timestamp

    package init(boot: String, elapsed: Int64, wall: Timestamp) {
        self.boot = boot
        self.elapsed = elapsed
        self.wall = wall
    }

    /// This moment.
    package init(_ clocks: MachineClocks = .real) {
        self.init(
            boot: clocks.boot, elapsed: clocks.elapsed(), wall: Timestamp(milliseconds: clocks.wall()))
    }

    /// The anchor in the file; nil where there is none of this start of the machine.
    package static func read(_ path: String, _ clocks: MachineClocks = .real) -> ClockAnchor? {
        guard let words = SystemFile.head(path)?.split(whereSeparator: \.isWhitespace), words.count == 3,
            let elapsed = Int64(words[1]), let wall = Int64(words[2]), !clocks.boot.isEmpty,
            words[0] == clocks.boot
        else { return nil }
        return ClockAnchor(
            boot: String(words[0]), elapsed: elapsed, wall: Timestamp(milliseconds: wall))
    }

    /// The anchor in the file; where there is none, this moment, which is then the one of all who ask later.
    ///
    /// - Throws: when the file cannot be written.
    package static func share(_ path: String, _ clocks: MachineClocks = .real) throws(SystemError)
        -> ClockAnchor
    {
        if let anchor = read(path, clocks) { return anchor }
        // Of several who start together one makes it, and the others use it.
        let lock = try FileLock.lock("\(path).lock")
        if let anchor = read(path, clocks) { return anchor }
        let anchor = ClockAnchor(clocks)
        try anchor.write(path)
        return withExtendedLifetime(lock) { anchor }
    }

    /// Makes this moment the one of all who ask from now on. For when nobody goes by the old one any more.
    package static func renew(_ path: String, _ clocks: MachineClocks = .real) throws(SystemError) {
        let lock = try FileLock.lock("\(path).lock")
        try ClockAnchor(clocks).write(path)
        withExtendedLifetime(lock) {}
    }

    /// How far the wall clock was moved since.
    package func step(_ clocks: MachineClocks = .real) -> Duration {
        ClockAnchor(clocks).wall - SystemTime(anchor: self, clocks: clocks).now
    }

    private func write(_ path: String) throws(SystemError) {
        let temporary = "\(path).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(temporary)") }
        defer { close(descriptor) }
        let bytes = Array("\(boot) \(elapsed) \(wall.milliseconds)\n".utf8)
        // Not synced: after the next start of the machine it means nothing.
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, rename(temporary, path) == 0 else {
            throw SystemError("write \(path)")
        }
    }
}

/// The clocks of a machine, as a test may replace them.
package struct MachineClocks: Sendable {
    /// Names this start of the machine; empty where the kernel does not tell.
    package var boot: String
    /// Milliseconds since 1970, as the machine believes at this moment.
    package var wall: @Sendable () -> Int64
    /// Milliseconds since the machine started. Nobody can set it.
    package var elapsed: @Sendable () -> Int64

    package init(
        boot: String, wall: @escaping @Sendable () -> Int64, elapsed: @escaping @Sendable () -> Int64
    ) {
        self.boot = boot
        self.wall = wall
        self.elapsed = elapsed
    }

    package static let real = MachineClocks(
        boot: SystemFile.text("/proc/sys/kernel/random/boot_id") ?? "",
        wall: { milliseconds(CLOCK_REALTIME) }, elapsed: { milliseconds(CLOCK_BOOTTIME) })

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
