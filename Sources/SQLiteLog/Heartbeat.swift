internal import CLinux
internal import Glibc
internal import Runtime

/// Where a member's heart beats: a slot in the log's `-members` file, and the number that says whose slot it is this time.
struct Heart: Hashable, Sendable {
    var slot: Int
    var incarnation: Int64
}

/// The file beside the log in which members show that they live, outside SQLite: a beat is one small write that nobody waits for.
///
/// Every slot belongs to the member that holds the lock on its bytes. The kernel frees that lock when the process ends, however it ends, so a dead
/// member is known at once; one that has only stopped keeps the lock, and is given up when its slot says that its time is over.
final class MembersFile: Sendable {
    /// Enough for every process that one machine can have at work on a log.
    private static let slots = 1024
    /// The first bytes are for the lock of those that have the log open.
    private static let firstSlot = 64
    private static let openers = 0..<1

    /// Behind the slots, from the beginning of a page on, is what processes tell each other.
    private static let newsOffset = 20 << 10
    static let seatsOffset = newsOffset + News.size
    private static let size = seatsOffset + Seats.size

    private let file: OpenFile
    /// The first bytes, which are for no member, tell who waits for whose transaction.
    let turns: Turns
    /// Where something was written.
    let news: News
    /// What others may write for whoever waits.
    let seats: Seats

    /// What a slot holds.
    fileprivate struct Slot {
        var incarnation: Int64
        /// When the member is given up, in nanoseconds of the machine's waking time.
        var end: Int64
    }

    /// Whether a log at `path` was ever opened where it is now.
    static func isThere(besides path: String) -> Bool { access("\(path)-members", F_OK) == 0 }

    /// - Parameter path: the log's file.
    init(besides path: String) throws(SystemError) {
        file = try OpenFile("\(path)-members")
        try MembersFile.fill(file)
        let memory = try SharedMemory(file, length: MembersFile.size)
        turns = Turns(memory)
        news = News(memory, at: MembersFile.newsOffset)
        seats = Seats(memory, file, at: MembersFile.seatsOffset)
    }

    /// Makes the file as long as it has to be: older programs made shorter ones. With its space, so that a beat needs none on a disk that has become
    /// full, and neither does a change of memory, which would end the process. What is there stays as it is.
    private static func fill(_ file: OpenFile) throws(SystemError) {
        let code = posix_fallocate(file.descriptor, 0, off_t(size))
        guard code == 0 else { throw SystemError("make room in \(file.path)", code: code) }
    }

    /// Whether nobody else has the log open; nobody else can open it then until `shareOpen`.
    func tryOpenAlone() -> Bool { file.tryLock(MembersFile.openers, F_WRLCK) }

    /// Counts as one of those that have the log open; false while somebody opens it alone.
    func tryShareOpen() -> Bool { file.tryLock(MembersFile.openers, F_RDLCK) }

    /// Whether the owner of `heart` answers.
    func isAlive(_ heart: Heart) -> Bool {
        guard file.isLocked(MembersFile.range(heart.slot)) else { return false }
        var slot = Slot(incarnation: 0, end: 0)
        pread(file.descriptor, &slot, MemoryLayout<Slot>.size, MembersFile.offset(heart.slot))
        return slot.incarnation == heart.incarnation && slot.end > MembersFile.now
    }

    /// Takes a free slot.
    func take(lease: Duration) throws(SystemError) -> Heartbeat {
        let own = try OpenFile(file.path)
        for slot in 0..<MembersFile.slots where own.tryLock(MembersFile.range(slot), F_WRLCK) {
            let heart = Heart(slot: slot, incarnation: .random(in: 1 ... .max))
            return Heartbeat(own, heart, lease: lease)
        }
        throw SystemError("take one of \(MembersFile.slots) places in \(file.path)", code: EAGAIN)
    }

    fileprivate static func offset(_ slot: Int) -> Int { firstSlot + slot * MemoryLayout<Slot>.size }

    fileprivate static func range(_ slot: Int) -> Range<Int> { offset(slot)..<offset(slot + 1) }

    /// Time as far as this machine was awake: a changed clock does not end a lease, and neither does a night asleep, in which the members could
    /// not beat either.
    fileprivate static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// One member's sign of life. The slot is free again when this is let go of.
final class Heartbeat: Sendable {
    let heart: Heart
    let interval: Duration
    private let file: OpenFile
    private let lease: Duration
    private let isPaused = Locked(false)

    fileprivate init(_ file: OpenFile, _ heart: Heart, lease: Duration) {
        self.file = file
        self.heart = heart
        self.lease = lease
        interval = lease / 3
        beat()
    }

    /// Puts the end of the member's time off.
    func beat() {
        if isPaused.withLock({ $0 }) { return }
        let nanoseconds = Int64(lease.inSeconds * 1e9)
        var slot = MembersFile.Slot(incarnation: heart.incarnation, end: MembersFile.now + nanoseconds)
        pwrite(file.descriptor, &slot, MemoryLayout.size(ofValue: slot), MembersFile.offset(heart.slot))
    }

    func pause() { isPaused.withLock { $0 = true } }

    func resume() {
        isPaused.withLock { $0 = false }
        beat()
    }
}
