internal import Descriptors
internal import Events
internal import Glibc
internal import JobRunner
internal import Runtime

/// All that an attempt prints and measures, on its way from the benchmark to the publisher. For one thread.
final class AttemptStreams: BenchmarkOutput {
    /// Not yet published: beyond this nothing more is read, so that memory stays bounded. The benchmark then waits in its next write.
    private static let mostBacklog = 16 << 20

    private(set) var collector: Collector
    private let publisher: Publisher
    private let time: any TimeSource
    private let output: LineSource
    private let errors: LineSource
    private let fifo: LineSource
    private let file: LineSource

    /// The last line on standard error that says something: what a benchmark that fails has to say for itself.
    private(set) var lastWords = ""
    /// Whether the benchmark ever had to wait because the log did not take what it printed.
    private(set) var wasHeldUp = false

    init(
        _ order: AttemptOrder, _ folder: AttemptFolder, _ preparation: Preparation,
        _ process: BenchmarkProcess,
        publisher: Publisher, time: any TimeSource
    ) throws(SystemError) {
        var limits = Collector.Limits()
        limits.logBytes = Int(clamping: order.settings.logLimit.bytes)
        collector = Collector(
            metrics: order.job.run.descriptor.output?.metrics ?? [], variables: preparation.variables,
            limits: limits)
        self.publisher = publisher
        self.time = time
        output = LineSource(
            try ByteSource(copying: process.output.reading),
            spool: Spool(folder.standardOutput, limit: limits.logBytes))
        errors = LineSource(
            try ByteSource(copying: process.errors.reading),
            spool: Spool(folder.standardError, limit: limits.logBytes))
        // Open for writing too, it has no end when the last writer closes it: the next may come.
        fifo = LineSource(try ByteSource(opening: folder.fifo, O_RDWR))
        file = LineSource(try ByteSource(opening: folder.metrics, O_RDONLY, isFile: true))
        for problem in collector.problems { collector.note(problem, at: time.now) }
    }

    var readable: [Int32] {
        isHeldUp ? [] : [output, errors, fifo].map(\.descriptor).filter { $0 >= 0 }
    }

    /// The publisher rings when it has room again.
    var writable: [Int32] { [] }

    /// When there is something to publish.
    var due: ContinuousClock.Instant? { collector.due }

    func read(withFile: Bool) -> Bool {
        if isHeldUp {
            wasHeldUp = true
            return false
        }
        let now = time.now
        var count = output.read { collector.printed($0, on: .stdout, at: now) }
        count += errors.read { take(errorLine: $0, at: now) }
        count += fifo.read { collector.emitted($0, at: now) }
        if withFile { count += file.read(limit: 1 << 20) { collector.emitted($0, at: now) } }
        publish(isLast: false)
        return count > 0
    }

    /// How long to read on after the end, where somebody who is no process of the attempt goes on writing.
    private static let patience = Duration.seconds(60)

    /// Takes everything that is left after the last process has ended.
    func conclude() {
        let deadline = ContinuousClock.now + AttemptStreams.patience
        repeat {
            // Ends at the latest when the publisher gives up.
            while isHeldUp { poll(nil, 0, 5) }
        } while read(withFile: true) && .now < deadline
        let now = time.now
        output.finish { collector.printed($0, on: .stdout, at: now) }
        errors.finish { take(errorLine: $0, at: now) }
        fifo.finish { collector.emitted($0, at: now) }
        file.finish { collector.emitted($0, at: now) }
        if let words = file.cutsNote { collector.note(words, at: now) }
        collector.conclude(at: now)
    }

    /// Adds a word of the agent's own to the attempt's log.
    func note(_ text: String) { collector.note(text, at: time.now) }

    /// Hands over what is due; all there is when `isLast`.
    func publish(isLast: Bool) {
        for batch in collector.batches(isLast: isLast, now: .now) { publisher.submit(batch) }
    }

    private var isHeldUp: Bool { publisher.standing.backlog > AttemptStreams.mostBacklog }

    private func take(errorLine line: LineSplitter.Line, at time: Timestamp) {
        if line.text.contains(where: { !$0.isWhitespace }) { lastWords = String(line.text.prefix(300)) }
        collector.printed(line, on: .stderr, at: time)
    }
}
