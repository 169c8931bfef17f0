internal import Descriptors
internal import Events
internal import Glibc
internal import JSON
package import PodContract
internal import Runtime

/// `bai-agent collect`: stays beside a benchmark in its pod, numbers what it prints and measures, and delivers it until all is delivered.
///
/// Everything that it reads lies in files until it is written down, numbered, in the outbox; and there until it is taken. So it may be killed at any time: who comes after it goes on
/// with the same numbers.
package final class Collect {
    /// Makes what takes the records.
    package typealias Receivers = (PodOrder) throws -> any RecordReceiver

    private struct Checkpoint: Codable {
        var streams: [PodStream.Checkpoint]
        /// The last words are written down.
        var hasEnded: Bool
    }

    private let order: PodOrder
    private let host: PodHost
    private let wakers: AgentWakers
    private let outbox: Outbox
    private let deliverer: Deliverer
    private var pump: FIFOPump?
    private var streams: [PodStream] = []
    /// What could not be written down for want of room.
    private var unwritten: (lines: [[UInt8]], checkpoint: [UInt8])?
    private var isAskedToEnd = false
    private var lastSign = ContinuousClock.now
    private var nextLook = ContinuousClock.now

    /// Collects until the benchmark has ended and everything is delivered, or given up.
    ///
    /// - Returns: 0, whatever happens: the benchmark's exit decides, and what is not delivered is found missing by the numbers of the records.
    package static func run(host: PodHost, receivers: Receivers) -> Int32 {
        AgentWakers.holdSignals()
        do {
            let order = try host.folders.readOrder()
            try Collect(order, host, receiver: try receivers(order)).run()
        } catch {
            host.log.error("nothing more is collected", ["error": "\(error)"])
        }
        return 0
    }

    /// The receiver of pods that deliver by their containers' logs.
    package static var printing: any RecordReceiver { PrintedRecords() }

    private init(_ order: PodOrder, _ host: PodHost, receiver: any RecordReceiver) throws {
        (self.order, self.host) = (order, host)
        for folder in [host.folders.streams, host.folders.records] {
            mkdir(folder, 0o777)
            chmod(folder, 0o777)
        }
        wakers = try AgentWakers(names: host.folders.streams)
        outbox = try Outbox(host.folders.records)
        deliverer = Deliverer(
            outbox, to: receiver, limit: PodDelivery.limit(order), host: host,
            changed: { [bell = wakers.bell] in bell.ring() })
    }

    private func run() throws {
        // Its end is `isDone`, for which this thread waits.
        Task { [deliverer] in await deliverer.run() }
        let checkpoint = try outbox.checkpoint.map { try JSONCoding.decode(Checkpoint.self, from: $0) }
        if checkpoint?.hasEnded != true { try collect(from: checkpoint) }
        deliverer.finish(patience: order.collectTimeout.duration)
        while !deliverer.standing.isDone { _ = wakers.wait(until: .now + .seconds(1)) }
    }

    private func collect(from checkpoint: Checkpoint?) throws {
        while !canBegin { turn() }
        let begun = SharedFile.read(host.folders.begun, as: WrapRecord.self)
        if !order.isWrapped {
            pump = try FIFOPump(host.folders, limit: logLimit, from: checkpoint?.streams.first)
        }
        for number in 0..<order.processes {
            let start = checkpoint.flatMap { $0.streams.indices.contains(number) ? $0.streams[number] : nil }
            streams.append(
                try PodStream(order, host, number: number, reporting: begun?.reporting ?? [:], from: start))
            wakers.watchContent(of: host.folders.stream(ofProcess: number))
            wakers.watchContent(of: host.folders.metrics(ofProcess: number))
        }
        while true {
            // Asked before it is read: what is there by now is all there is.
            let isOver = self.isOver
            let hasRead = try read()
            try writeDown(isLast: false)
            if isOver, !hasRead, unwritten == nil { break }
            if !hasRead || isHeldUp { turn() }
        }
        try conclude()
    }

    /// Waits for something to happen.
    private func turn() {
        let pumped = pump.map { isHeldUp ? [] : $0.readable } ?? []
        let events = wakers.wait(until: nextDue, readable: pumped, withFiles: .now >= nextLook)
        if events.wasSignaled { isAskedToEnd = true }
        pump?.read(at: host.time.now)
    }

    // MARK: - Reading and writing down

    private var logLimit: Int { Int(clamping: order.logLimit.bytes) }

    /// Whether there is no room for more until something is delivered, or let go of.
    private var isHeldUp: Bool {
        if unwritten != nil { return true }
        return deliverer.standing.failure == nil && outbox.backlog > max(logLimit, 1 << 20)
    }

    private func read() throws -> Bool {
        if isHeldUp { return false }
        let hasRead = streams.reduce(false) { $1.read() || $0 }
        if hasRead { lastSign = .now }
        nextLook = .now + RunningBenchmark.fileInterval
        return hasRead
    }

    private func writeDown(isLast: Bool) throws {
        if unwritten == nil {
            // What is due in one stream is written down of all: a checkpoint is of all of them.
            guard isLast || streams.contains(where: \.isDue) else { return }
            var lines = try streams.flatMap { try $0.events(isLast: isLast) }
            if isLast { lines += try streams.flatMap { try $0.ends() } }
            let checkpoint = Checkpoint(streams: streams.map(\.checkpoint), hasEnded: isLast)
            unwritten = (lines, try JSONCoding.encode(checkpoint))
        }
        guard let lot = unwritten else { return }
        try host.failPoints.pass("agent.before-append")
        let isGivenUp = deliverer.standing.failure != nil
        guard outbox.append(isGivenUp ? [] : lot.lines, checkpoint: lot.checkpoint) else { return }
        try host.failPoints.pass("agent.after-append")
        unwritten = nil
        if isGivenUp { outbox.discard() } else { deliverer.wake() }
        for stream in streams { stream.removeRead() }
    }

    // MARK: - The end

    /// Whether the benchmark has told where it reports to, or never will.
    private var canBegin: Bool { !order.isWrapped || SharedFile.exists(host.folders.begun) || isOver }

    /// Without `wrap` a quiet moment after the wish to end is the end.
    private static let quiet = Duration.milliseconds(500)

    /// Whether nothing more will come of the benchmark.
    private var isOver: Bool {
        guard order.isWrapped else { return isAskedToEnd && .now > lastSign + Collect.quiet }
        if SharedFile.exists(host.folders.ended) { return true }
        // Before it has begun the lock is left alone: who looks at it holds it for a moment.
        guard SharedFile.exists(host.folders.begun) else { return isAskedToEnd }
        return !SharedFile.isLocked(host.folders.lock)
    }

    /// Writes down the last words, and says what was counted.
    private func conclude() throws {
        for stream in streams { stream.conclude() }
        let deadline = ContinuousClock.now + order.collectTimeout.duration
        try writeDown(isLast: true)
        while unwritten != nil, .now < deadline {
            _ = wakers.wait(until: .now + .milliseconds(100))
            try writeDown(isLast: true)
        }
        try host.failPoints.pass("agent.before-counts")
        var counts = CollectedCounts(counts: Collector.Counts(), failure: deliverer.standing.failure)
        for stream in streams { counts.counts.add(stream.counts) }
        if unwritten != nil { counts.failure = "the pod's disk is full" }
        try SharedFile.write(counts, to: host.folders.counts)
    }

    private var nextDue: ContinuousClock.Instant {
        let look = .now < nextLook ? nextLook : nil
        // Room on the disk, the end of another program, and what the kernel does not tell of are looked for.
        let poll = ContinuousClock.now + (unwritten != nil ? .milliseconds(100) : .milliseconds(500))
        return (streams.map(\.due) + [look]).compactMap(\.self).reduce(poll, min)
    }
}

extension Collector.Counts {
    /// Adds those of another process.
    mutating func add(_ other: Collector.Counts) {
        points += other.points
        lines += other.lines
        dropped += other.dropped
        refused += other.refused
        cutLines += other.cutLines
    }
}

/// Takes what comes through the FIFO in a pod without `wrap`, and keeps it where it outlives this program. For one thread.
private final class FIFOPump {
    private let source: ByteSource
    private let journal: JournalWriter

    init(_ folders: PodFolders, limit: Int, from checkpoint: PodStream.Checkpoint?) throws(SystemError) {
        let folder = folders.stream(ofProcess: 0)
        guard mkdir(folder, 0o777) == 0 || errno == EEXIST else { throw SystemError("make folder \(folder)") }
        var number = checkpoint?.journal.segment ?? 0
        while SharedFile.exists(StreamJournal.segment(number, in: folder)) { number += 1 }
        journal = JournalWriter(folder, limit: limit, from: number)
        // Open for writing too, it has no end when the last writer closes it: the next may come.
        source = try ByteSource(opening: folders.fifo, O_RDWR)
    }

    var readable: [Int32] { journal.isFull ? [] : [source.descriptor] }

    func read(at now: Timestamp) {
        journal.flush()
        if journal.isFull { return }
        _ = source.read { journal.append(.fifo, $0, at: now) }
    }
}

/// How records are delivered.
enum PodDelivery {
    /// The most bytes at once: what is printed is not taken back, and little of it is printed twice after a kill.
    static func limit(_ order: PodOrder) -> Int {
        order.delivery == .log ? 64 * 1024 : DeliveredRecords.mostBytes
    }
}
