package import Descriptors
package import Events
package import Runtime

/// Turns what a benchmark prints and emits into numbered metric points and log lines, in batches ready to be published. Holds no more than what is
/// not yet taken.
package struct Collector: Sendable {
    /// Points or lines with consecutive numbers.
    package enum Batch: Equatable, Sendable {
        case metrics([MetricPoint])
        case logs([LogLine])
    }

    /// How much is collected, and how long it may wait.
    package struct Limits: Sendable {
        /// Bytes of log lines that are kept of one attempt.
        package var logBytes = 64 << 20
        /// Points of one attempt. Ten million are a gigabyte on the log; who measures more should measure less often.
        package var points: Int64 = 10_000_000
        /// How long a point or line waits for others before all are published: who follows live shall not notice.
        package var delay = Duration.milliseconds(100)
        /// Points or lines of one batch.
        package var batchCount = 500
        /// Bytes of one batch's lines.
        package var batchBytes = 256 * 1024
        /// Complaints of one kind that are written down; the others are only counted.
        package var complaints = 10

        package init() {}
    }

    /// What was counted on the way.
    package struct Counts: Codable, Equatable, Sendable {
        /// Which are also the last numbers given.
        package var points: Int64 = 0
        package var lines: Int64 = 0
        /// Points that the client library says it dropped, and those beyond the limit.
        package var dropped: Int64 = 0
        /// Lines and values that should have been metrics and were not.
        package var refused: Int64 = 0
        /// Lines that were printed after the limit was reached.
        package var cutLines: Int64 = 0

        package init() {}

        private enum CodingKeys: String, CodingKey {
            case points, lines, dropped, refused
            case cutLines = "cut_lines"
        }
    }

    /// What has to be known to go on in another process, when nothing waits in this one.
    package struct Standing: Codable, Equatable, Sendable {
        package var counts = Counts()
        /// Bytes of log lines that were kept.
        package var keptLogBytes = 0

        package init() {}

        private enum CodingKeys: String, CodingKey {
            case counts
            case keptLogBytes = "kept_log_bytes"
        }
    }

    /// How far it is. Another collector goes on from here once all batches were taken.
    package var standing: Standing {
        var standing = Standing()
        (standing.counts, standing.keptLogBytes) = (counts, keptLogBytes)
        return standing
    }

    package private(set) var counts: Counts
    private let limits: Limits
    private let units: [String: String]
    private var patterns: MetricPatterns
    /// Which JSON objects on standard output are metrics.
    private let takesOurs: Bool
    private let takesTheirs: Bool

    private var points: [MetricPoint] = []
    private var lines: [LogLine] = []
    private var lineBytes = 0
    private var keptLogBytes: Int
    private var sealed: [Batch] = []
    /// When the oldest point or line that waits came.
    private var waitingSince: ContinuousClock.Instant?
    private var progress: (latest: Emission.Progress, time: Timestamp)?
    private var toldProgress: Timestamp?
    private var isFull: Bool

    /// - Parameters:
    ///   - variables: the benchmark's environment, which says where it reports to.
    ///   - standing: where another collector of the same stream has left off.
    package init(
        metrics: [Descriptor.Metric], variables: [String: String], limits: Limits = Limits(),
        from standing: Standing = Standing()
    ) {
        self.limits = limits
        (counts, keptLogBytes) = (standing.counts, standing.keptLogBytes)
        isFull = standing.counts.points >= limits.points
        patterns = MetricPatterns(metrics)
        units = Dictionary(metrics.map { ($0.name, $0.units) }, uniquingKeysWith: { first, _ in first })
            .filter { !$0.value.isEmpty }
        takesTheirs = variables["BENCHMARK_AI"] == "stdout"
        takesOurs = variables["BAI_METRICS"] == "stdout"
    }

    /// Sentences about what cannot work as the descriptor wants it.
    package var problems: [String] { patterns.problems }

    /// A line that the benchmark printed.
    package mutating func printed(_ line: LineSplitter.Line, on stream: LogLine.Stream, at time: Timestamp) {
        log(line.continues ? line.text + Collector.continuationMark : line.text, on: stream, at: time)
        guard stream == .stdout else { return }
        if !patterns.isEmpty { match(line.text, at: time) }
        let isOurs = EmissionReader.isOurs(line.text)
        if isOurs ? takesOurs || takesTheirs : takesTheirs && line.text.hasPrefix("{") {
            printedObject(line.text, isOurs: isOurs, at: time)
        }
    }

    /// A line from where the client library writes.
    package mutating func emitted(_ line: LineSplitter.Line, at time: Timestamp) {
        if line.text.isEmpty { return }
        do throws(JSONLineError) {
            if line.continues { throw JSONLineError("it is longer than \(LineSplitter.usualLimit) bytes") }
            take(try EmissionReader.read(line.text), at: time)
        } catch {
            refuse("a line is no metric: \(error): \(line.text.prefix(120))", at: time)
        }
    }

    /// A word of the agent's own, for who reads the log.
    package mutating func note(_ text: String, at time: Timestamp) {
        append(LogLine(sequence: 0, time: time, stream: .agent, text: text))
    }

    /// The batches that are full or have waited long enough; all there is when `isLast`.
    ///
    /// - Parameter sealsAll: takes what has not waited long enough too, so that nothing waits afterwards but news of progress.
    package mutating func batches(
        isLast: Bool = false, sealsAll: Bool = false, now: ContinuousClock.Instant
    ) -> [Batch] {
        if isLast || sealsAll || due.map({ $0 <= now }) ?? false {
            tellProgress(isLast: isLast)
            sealPoints()
            sealLines()
            waitingSince = nil
        }
        defer { sealed = [] }
        return sealed
    }

    /// When `batches` has something to give; nil while nothing waits.
    package var due: ContinuousClock.Instant? {
        if !sealed.isEmpty { return waitingSince ?? .now }
        return waitingSince.map { $0 + limits.delay }
    }

    /// Writes down what was only counted; call it when everything has been collected.
    package mutating func conclude(at time: Timestamp) {
        if counts.refused > Int64(limits.complaints) {
            note("\(counts.refused) lines or values in all were no metrics", at: time)
        }
        if counts.cutLines > 0 {
            note("\(counts.cutLines) lines were printed after that and not kept", at: time)
        }
        if counts.dropped > 0 { note("\(counts.dropped) measurements were dropped", at: time) }
    }

    // MARK: Metrics

    private mutating func match(_ line: String, at time: Timestamp) {
        let found = patterns.values(in: line)
        for value in found.values { append(value, Emission.Measured(values: []), at: time) }
        for complaint in found.complaints { refuse(complaint, at: time) }
    }

    private mutating func printedObject(_ line: String, isOurs: Bool, at time: Timestamp) {
        do throws(JSONLineError) {
            take(try EmissionReader.read(line), at: time)
        } catch  where isOurs {
            refuse("a line is no metric: \(error): \(line.prefix(120))", at: time)
        } catch {
            // A benchmark that prints may print anything that begins with a brace.
        }
    }

    private mutating func take(_ emission: Emission, at time: Timestamp) {
        switch emission {
        case .metrics(let measured):
            for value in measured.values { append(value, measured, at: time) }
            for complaint in measured.refused { refuse(complaint, at: time) }
        case .progress(let progress):
            self.progress = (progress, time)
            if waitingSince == nil { waitingSince = .now }
        case .dropped(let count): counts.dropped += count
        }
    }

    private mutating func append(_ value: Emission.Value, _ measured: Emission.Measured, at time: Timestamp) {
        guard counts.points < limits.points else {
            if !isFull { note("more than \(limits.points) points: the rest is dropped", at: time) }
            isFull = true
            counts.dropped += 1
            return
        }
        counts.points += 1
        points.append(
            MetricPoint(
                sequence: counts.points, name: value.name, value: value.value,
                unit: value.unit ?? units[value.name], step: measured.step, time: measured.time ?? time,
                labels: measured.labels))
        if waitingSince == nil { waitingSince = .now }
        if points.count >= limits.batchCount { sealPoints() }
    }

    private mutating func refuse(_ complaint: String, at time: Timestamp) {
        counts.refused += 1
        if counts.refused <= Int64(limits.complaints) { note(complaint, at: time) }
    }

    // MARK: Log lines

    /// At the end of each piece of a line that was too long, but the last.
    package static let continuationMark = " [the line goes on]"

    private mutating func log(_ text: String, on stream: LogLine.Stream, at time: Timestamp) {
        guard keptLogBytes + text.utf8.count <= limits.logBytes else {
            if counts.cutLines == 0 {
                note("the log ends here: \(limits.logBytes) bytes of output are kept", at: time)
                // What comes after the end would be out of order with it.
                keptLogBytes = limits.logBytes
            }
            counts.cutLines += 1
            return
        }
        // A line end counts too: a benchmark may print nothing else.
        keptLogBytes += text.utf8.count + 1
        append(LogLine(sequence: 0, time: time, stream: stream, text: text))
    }

    private mutating func append(_ line: LogLine) {
        counts.lines += 1
        var line = line
        line.sequence = counts.lines
        lines.append(line)
        lineBytes += line.text.utf8.count
        if waitingSince == nil { waitingSince = .now }
        if lines.count >= limits.batchCount || lineBytes >= limits.batchBytes { sealLines() }
    }

    /// Writes the latest progress down, unless one was just a moment ago.
    private mutating func tellProgress(isLast: Bool) {
        guard let (latest, time) = progress else { return }
        if let toldProgress, !isLast, time - toldProgress < .seconds(1) { return }
        let total = latest.total.map { " of \(Collector.plain($0))" } ?? ""
        let message = latest.message.map { ": \($0)" } ?? ""
        note("progress \(Collector.plain(latest.done))\(total)\(message)", at: time)
        progress = nil
        toldProgress = time
    }

    private static func plain(_ number: Double) -> String {
        Int64(exactly: number).map(String.init) ?? String(number)
    }

    private mutating func sealPoints() {
        if !points.isEmpty { sealed.append(.metrics(points)) }
        points = []
    }

    private mutating func sealLines() {
        if !lines.isEmpty { sealed.append(.logs(lines)) }
        lines = []
        lineBytes = 0
    }
}
