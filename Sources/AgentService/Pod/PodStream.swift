internal import Descriptors
internal import Events
internal import Glibc
internal import JSON
internal import PodContract
internal import MessageLog
internal import Runtime

/// What one of the pod's processes prints and measures, as the sidecar numbers it. For one thread.
final class PodStream {
    /// How far everything is read and numbered, when nothing waits.
    struct Checkpoint: Codable, Equatable {
        var journal = JournalReader.Place()
        var file = LineSource.Place()
        /// Parts of lines whose ends have not come.
        var output = LineSplitter()
        var errors = LineSplitter()
        var fifo = LineSplitter()
        var standing = Collector.Standing()
    }

    private let records: BatchRecords
    private let keepsLogs: Bool
    private let time: any TimeSource
    private let folder: String
    private let metrics: String
    private let journal: JournalReader
    private var file: LineSource?
    private let filePlace: LineSource.Place
    private var output: LineSplitter
    private var errors: LineSplitter
    private var fifo: LineSplitter
    private var collector: Collector
    private var isDamaged = false
    /// The first file that may still be there.
    private var removedSegment: Int

    /// - Parameters:
    ///   - number: of the process in its pod, from 0.
    ///   - reporting: of the benchmark's variables, those that say where it reports to.
    ///   - checkpoint: where another sidecar has left off.
    init(
        _ order: PodOrder, _ host: PodHost, number: Int, reporting: [String: String],
        from checkpoint: Checkpoint?
    ) throws(JSONError) {
        let start = checkpoint ?? Checkpoint()
        records = try BatchRecords(order, host, number: number)
        keepsLogs = order.keepsLogs
        time = host.time
        folder = host.folders.stream(ofProcess: number)
        metrics = host.folders.metrics(ofProcess: number)
        journal = JournalReader(folder, from: start.journal)
        removedSegment = start.journal.segment
        (filePlace, output, errors, fifo) = (start.file, start.output, start.errors, start.fifo)
        collector = Collector(
            metrics: order.metrics, variables: reporting, limits: order.collectorLimits, from: start.standing)
        // A sidecar that comes back has said it.
        guard checkpoint == nil else { return }
        for problem in collector.problems { collector.note(problem, at: time.now) }
    }

    var checkpoint: Checkpoint {
        Checkpoint(
            journal: journal.place, file: file?.place ?? filePlace, output: output, errors: errors,
            fifo: fifo,
            standing: collector.standing)
    }

    var counts: Collector.Counts { collector.counts }

    /// When there is something to write down; nil while nothing waits.
    var due: ContinuousClock.Instant? { collector.due }

    /// Read at once: enough to be quick, little enough that it is written down soon.
    private static let portion = 1 << 20

    /// Takes what is there.
    ///
    /// - Returns: whether there was anything.
    func read() -> Bool {
        let now = time.now
        var hasRead = false
        do throws(JournalDamage) {
            if !isDamaged { hasRead = try journal.read(limit: PodStream.portion) { take($0) } }
        } catch {
            isDamaged = true
            collector.note(
                "what the benchmark prints cannot be followed any more: \(folder) was changed", at: now)
        }
        if file == nil, let source = try? ByteSource(opening: metrics, O_RDONLY, isFile: true) {
            file = LineSource(source, from: filePlace)
        }
        let count = file?.read(limit: PodStream.portion) { collector.emitted($0, at: now) } ?? 0
        return hasRead || count > 0
    }

    private func take(_ frame: StreamJournal.Frame) {
        switch frame.channel {
        case .stdout: output.add(frame.bytes) { collector.printed($0, on: .stdout, at: frame.time) }
        case .stderr: errors.add(frame.bytes) { collector.printed($0, on: .stderr, at: frame.time) }
        case .fifo: fifo.add(frame.bytes) { collector.emitted($0, at: frame.time) }
        case .note: collector.note(String(decoding: frame.bytes, as: UTF8.self), at: frame.time)
        }
    }

    /// Whether there is something to write down now: events, or files that were read to their ends and can be let go of.
    var isDue: Bool {
        journal.place.segment > removedSegment || collector.due.map { $0 <= .now } ?? false
    }

    /// All events that wait, without line ends.
    ///
    /// - Parameter isLast: whether nothing more will come.
    func events(isLast: Bool) throws(JSONError) -> [[UInt8]] {
        let now = time.now
        var events: [[UInt8]] = []
        for batch in collector.batches(isLast: isLast, sealsAll: true, now: .now) {
            if case .logs = batch, !keepsLogs { continue }
            events.append(try records.record(of: batch, at: now).value ?? [])
        }
        return events
    }

    /// Takes what is left when nothing more will come.
    func conclude() {
        let now = time.now
        output.finish { collector.printed($0, on: .stdout, at: now) }
        errors.finish { collector.printed($0, on: .stderr, at: now) }
        fifo.finish { collector.emitted($0, at: now) }
        file?.finish { collector.emitted($0, at: now) }
        if let words = file?.cutsNote { collector.note(words, at: now) }
        collector.conclude(at: now)
    }

    /// The last words on the process.
    func ends() throws(JSONError) -> [[UInt8]] {
        let ends = try records.end(of: collector.counts, at: time.now)
        return ends.filter { keepsLogs || $0.topic == Topic.metrics.rawValue }.compactMap(\.value)
    }

    /// Lets go of what is read and written down.
    func removeRead() {
        JournalReader.removeSegments(before: journal.place, in: folder)
        removedSegment = journal.place.segment
    }
}

extension BatchRecords {
    /// Of one of a pod's processes.
    init(_ order: PodOrder, _ host: PodHost, number: Int) throws(JSONError) {
        let origin = Event(
            messageID: "", actionID: order.runID, parentActionID: order.parentID, clientID: order.client.id,
            clientVersion: order.client.version, clientUsername: order.client.username,
            tstamp: Timestamp(milliseconds: 0), type: "", payload: .null)
        try self.init(
            origin: origin, run: order.runID, attempt: order.attempt.number,
            rank: order.firstRank(node: host.nodeNumber) + number,
            host: host.environment["BAI_NODE"] ?? Machine.hostname,
            node: host.environment["BAI_POD"] ?? Machine.hostname)
    }
}

extension PodOrder {
    /// Whether the sidecar has the log lines of its pod. Of an image's own command they are in the container's log alone, and numbered by who reads that.
    var keepsLogs: Bool { isWrapped || role == .worker }

    fileprivate var collectorLimits: Collector.Limits {
        var limits = Collector.Limits()
        limits.logBytes = Int(clamping: logLimit.bytes)
        if delivery == .log {
            // Container runtimes cut lines of a log at 16 KiB.
            (limits.batchCount, limits.batchBytes) = (40, 6 * 1024)
        }
        return limits
    }
}
