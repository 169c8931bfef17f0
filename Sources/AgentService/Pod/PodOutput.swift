internal import Glibc
internal import PodContract
internal import Runtime

/// All that the benchmark in a pod prints, on its way to the container's own output and to the sidecar. For one thread.
final class PodOutput: BenchmarkOutput {
    private let streams: [ProcessStreams]
    private let output = Passthrough(STDOUT_FILENO)
    private let errors = Passthrough(STDERR_FILENO)
    private let time: any TimeSource
    /// Whether the benchmark ever had to wait because nobody took what it printed.
    private(set) var wasHeldUp = false

    /// How often to look whether there is room again, of which nobody tells.
    private static let roomInterval = Duration.milliseconds(20)

    /// - Parameter processes: how many there will be.
    init(_ order: PodOrder, _ folders: PodFolders, processes: Int, time: any TimeSource) throws(SystemError) {
        self.time = time
        var streams: [ProcessStreams] = []
        for number in 0..<processes {
            // The pod's one FIFO belongs to the first process.
            streams.append(
                try ProcessStreams(
                    folders, number: number, limit: Int(clamping: order.logLimit.bytes),
                    fifo: number == 0 ? folders.fifo : nil))
        }
        self.streams = streams
    }

    /// Passes on what a process prints.
    func connect(_ process: BenchmarkProcess, number: Int) throws(SystemError) {
        try streams[number].connect(process)
    }

    var readable: [Int32] { isHeldUp ? [] : streams.flatMap(\.descriptors) }

    var writable: [Int32] { [output, errors].filter(\.isBlocked).map(\.descriptor) }

    var due: ContinuousClock.Instant? { isHeldUp ? .now + PodOutput.roomInterval : nil }

    func read(withFile: Bool) -> Bool {
        for passthrough in [output, errors] { passthrough.flush() }
        for stream in streams { stream.journal.flush() }
        let measured = withFile && streams.reduce(false) { $1.hasMeasured || $0 }
        if isHeldUp {
            wasHeldUp = true
            return measured
        }
        let now = time.now
        let count = streams.reduce(0) { $0 + $1.read(at: now, output: output, errors: errors) }
        return count > 0 || measured
    }

    /// How long to read on after the end, where somebody who is no process of the attempt goes on writing, or nobody takes what there is.
    private static let patience = Duration.seconds(60)

    /// Takes everything that is left after the last process has ended.
    func conclude() {
        let deadline = ContinuousClock.now + PodOutput.patience
        repeat {
            while isHeldUp, .now < deadline {
                poll(nil, 0, 5)
                for passthrough in [output, errors] { passthrough.flush() }
                for stream in streams { stream.journal.flush() }
            }
        } while read(withFile: false) && .now < deadline
        for passthrough in [output, errors] { passthrough.finish(patience: .seconds(5)) }
    }

    /// Adds a word of the agent's own to the log of a process.
    func note(_ text: String, process number: Int = 0) { streams[number].note(text, at: time.now) }

    /// What the process wrote to standard error last.
    func lastWords(ofProcess number: Int) -> LastWords { streams[number].lastWords }

    /// Bytes of output that were let go of, because the disk stayed full.
    var lostBytes: Int { streams.reduce(0) { $0 + $1.journal.lostBytes } }

    private var isHeldUp: Bool {
        output.isBlocked || errors.isBlocked || streams.contains { $0.journal.isFull }
    }
}

/// What one process of a pod prints and measures.
private final class ProcessStreams {
    let journal: JournalWriter
    private(set) var lastWords = LastWords()
    private var output: ByteSource?
    private var errors: ByteSource?
    private var fifo: ByteSource?
    private let metrics: String
    private var metricsSize: off_t = 0

    init(_ folders: PodFolders, number: Int, limit: Int, fifo: String?) throws(SystemError) {
        let folder = folders.stream(ofProcess: number)
        guard mkdir(folder, 0o777) == 0 || errno == EEXIST else { throw SystemError("make folder \(folder)") }
        chmod(folder, 0o777)
        journal = JournalWriter(folder, limit: limit)
        metrics = folders.metrics(ofProcess: number)
        // Made here where `pull` did not: the benchmark appends to it, and the sidecar reads.
        let file = open(metrics, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        if file >= 0 { close(file) }
        guard let fifo else { return }
        // Open for writing too, it has no end when the last writer closes it: the next may come.
        self.fifo = try ByteSource(opening: fifo, O_RDWR)
    }

    func connect(_ process: BenchmarkProcess) throws(SystemError) {
        output = try ByteSource(copying: process.output.reading)
        errors = try ByteSource(copying: process.errors.reading)
    }

    var descriptors: [Int32] { [output, errors, fifo].compactMap { $0?.descriptor }.filter { $0 >= 0 } }

    func read(at now: Timestamp, output out: Passthrough, errors err: Passthrough) -> Int {
        var count =
            output?.read { bytes in
                out.write(bytes)
                journal.append(.stdout, bytes, at: now)
            } ?? 0
        count +=
            errors?.read { bytes in
                err.write(bytes)
                lastWords.add(bytes)
                journal.append(.stderr, bytes, at: now)
            } ?? 0
        count += fifo?.read { journal.append(.fifo, $0, at: now) } ?? 0
        return count
    }

    /// Whether the file of measurements has grown since the last time.
    var hasMeasured: Bool {
        var status = stat()
        guard stat(metrics, &status) == 0, status.st_size != metricsSize else { return false }
        metricsSize = status.st_size
        return true
    }

    func note(_ text: String, at now: Timestamp) {
        Array(text.utf8.prefix(StreamJournal.mostBytes)).withUnsafeBytes {
            journal.append(.note, $0, at: now)
        }
    }
}

/// The end of what was written to a stream.
struct LastWords: Equatable {
    private var bytes: [UInt8] = []
    /// As much as a report has room for.
    private static let most = 2048

    mutating func add(_ new: UnsafeRawBufferPointer) {
        bytes += new.suffix(LastWords.most)
        if bytes.count > LastWords.most { bytes.removeFirst(bytes.count - LastWords.most) }
    }

    /// All that is kept; nil where there is nothing.
    var text: String? { bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }

    /// The last line that says something; empty where none does.
    var line: String {
        let lines = (text ?? "").split { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        let last = lines.last { line in line.contains { !$0.isWhitespace } }
        return String((last ?? "").prefix(300))
    }
}
