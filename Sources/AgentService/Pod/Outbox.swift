internal import Glibc
internal import JSON
internal import Runtime

/// Records on their way to the installation, in files that outlive the program: each is there before what it was made of is let go of, and until it is durable
/// elsewhere.
///
/// A file is a list of lines: events as they are delivered, and behind each lot of them, after `#`, how far everything was read by then. A program that was killed goes on
/// from the last such line; what stands behind it never was.
///
/// One thread writes, one task delivers.
final class Outbox: Sendable {
    /// A place in the files.
    struct Place: Codable, Equatable, Comparable {
        var segment = 0
        var offset = 0

        static func < (left: Place, right: Place) -> Bool {
            (left.segment, left.offset) < (right.segment, right.offset)
        }
    }

    private struct State {
        var descriptor: Int32 = -1
        /// Where the next lot goes.
        var end = Place()
        /// Up to where everything is delivered.
        var delivered = Place()
        /// The sizes of the files that are there.
        var sizes: [Int: Int] = [:]
        var checkpoint: [UInt8]?
    }

    private let folder: String
    private let state: Locked<State>

    /// The size of a file at which the next one is begun.
    private static let segmentSize = 4 << 20
    private static let mark = UInt8(ascii: "#")
    private static let lineEnd = UInt8(ascii: "\n")

    /// Opens the folder's outbox, as whoever wrote to it before has left it.
    init(_ folder: String) throws {
        self.folder = folder
        var state = State()
        state.delivered = SharedFile.read("\(folder)/delivered.json", as: Place.self) ?? Place()
        try Outbox.recover(&state, in: folder)
        self.state = Locked(state)
    }

    deinit {
        let descriptor = state.withLock { $0.descriptor }
        if descriptor >= 0 { close(descriptor) }
    }

    /// How far everything was read when the last lot was written; nil at the very beginning.
    var checkpoint: [UInt8]? { state.withLock { $0.checkpoint } }

    /// Bytes that are not delivered.
    var backlog: Int {
        state.withLock { state in
            state.sizes.reduce(-state.delivered.offset) {
                $1.key >= state.delivered.segment ? $0 + $1.value : $0
            }
        }
    }

    /// Writes a lot of events.
    ///
    /// - Parameters:
    ///   - lines: events without line ends in them.
    ///   - checkpoint: one line of JSON.
    /// - Returns: false when there is no room on the disk; then nothing of it is there.
    func append(_ lines: [[UInt8]], checkpoint: [UInt8]) -> Bool {
        var lot: [UInt8] = []
        lot.reserveCapacity(lines.reduce(checkpoint.count + 2) { $0 + $1.count + 1 })
        for line in lines {
            lot += line
            lot.append(Outbox.lineEnd)
        }
        lot += [Outbox.mark] + checkpoint + [Outbox.lineEnd]
        return state.withLock { state in
            if state.end.offset >= Outbox.segmentSize, !beginSegment(&state) { return false }
            guard Outbox.write(lot, &state) else { return false }
            state.checkpoint = checkpoint
            return true
        }
    }

    /// The next events to deliver, about `limit` bytes of them but at least one, and where they end; nil when all are delivered.
    func next(limit: Int) -> (lines: [ArraySlice<UInt8>], end: Place)? {
        while true {
            let (from, end) = state.withLock { ($0.delivered, $0.end) }
            guard from < end else { return nil }
            let isLast = from.segment == end.segment
            guard let bytes = read(from, upTo: isLast ? end.offset : .max, limit: limit), !bytes.isEmpty
            else {
                // What is not there can only have been delivered.
                if isLast { return nil }
                confirm(Place(segment: from.segment + 1, offset: 0))
                continue
            }
            let lines = bytes.split(separator: Outbox.lineEnd).filter { $0.first != Outbox.mark }
            let place = Place(segment: from.segment, offset: from.offset + bytes.count)
            if !lines.isEmpty { return (lines, place) }
            confirm(place)
        }
    }

    /// Lets go of everything that is not delivered.
    func discard() { confirm(state.withLock { $0.end }) }

    /// Takes note that everything before `place` is delivered.
    func confirm(_ place: Place) {
        state.withLock { state in
            state.delivered = max(place, state.delivered)
            // Where this cannot be written, the next program delivers something again, word by word.
            guard (try? SharedFile.write(state.delivered, to: "\(folder)/delivered.json")) != nil else {
                return
            }
            for number in state.sizes.keys
            where number < state.delivered.segment && number < state.end.segment {
                unlink(Outbox.file(number, in: folder))
                state.sizes[number] = nil
            }
        }
    }

    /// Whole lines from `place` on: as many as fit, but at least one.
    private func read(_ place: Place, upTo end: Int, limit: Int) -> [UInt8]? {
        let descriptor = Glibc.open(Outbox.file(place.segment, in: folder), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var room = min(limit, end - place.offset)
        while room > 0 {
            var chunk = [UInt8](repeating: 0, count: room)
            let count = pread(descriptor, &chunk, room, off_t(place.offset + bytes.count))
            guard count > 0 else { break }
            bytes += chunk[..<count]
            if bytes.contains(Outbox.lineEnd) { break }
            // A line that is longer than that.
            room = min(1 << 16, end - place.offset - bytes.count)
        }
        let fitting = bytes.prefix(limit).lastIndex(of: Outbox.lineEnd)
        guard let last = fitting ?? bytes.firstIndex(of: Outbox.lineEnd) else { return nil }
        return Array(bytes[...last])
    }

    // MARK: - Files

    private static func file(_ number: Int, in folder: String) -> String { "\(folder)/\(number).ndjson" }

    /// Finds the last checkpoint, and cuts off what stands behind it.
    private static func recover(_ state: inout State, in folder: String) throws {
        var number = state.delivered.segment
        while let size = size(of: file(number, in: folder)) {
            state.sizes[number] = size
            number += 1
        }
        guard let last = state.sizes.keys.max() else {
            state.end = Place(segment: state.delivered.segment, offset: 0)
            state.delivered = state.end
            return try open(&state, in: folder)
        }
        guard let bytes = SystemFile.bytes(file(last, in: folder), limit: .max) else {
            throw SystemError("read \(file(last, in: folder))")
        }
        let (end, checkpoint) = lastCheckpoint(in: bytes)
        state.end = Place(segment: last, offset: end)
        state.checkpoint = checkpoint
        if checkpoint == nil, last > state.delivered.segment {
            // A file was begun and nothing more: its first line is a copy of the checkpoint before.
            unlink(file(last, in: folder))
            state.sizes = [:]
            return try recover(&state, in: folder)
        }
        try open(&state, in: folder)
        ftruncate(state.descriptor, off_t(end))
        state.sizes[last] = end
        state.delivered = min(state.delivered, state.end)
    }

    private static func lastCheckpoint(in bytes: [UInt8]) -> (end: Int, checkpoint: [UInt8]?) {
        var end = bytes.lastIndex(of: lineEnd).map { $0 + 1 } ?? 0
        while end > 0 {
            let start = bytes[..<(end - 1)].lastIndex(of: lineEnd).map { $0 + 1 } ?? 0
            if bytes[start] == mark { return (end, Array(bytes[(start + 1)..<(end - 1)])) }
            end = start
        }
        return (0, nil)
    }

    private static func open(_ state: inout State, in folder: String) throws(SystemError) {
        let path = file(state.end.segment, in: folder)
        state.descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard state.descriptor >= 0 else { throw SystemError("open \(path)") }
        if state.sizes[state.end.segment] == nil { state.sizes[state.end.segment] = 0 }
    }

    private func beginSegment(_ state: inout State) -> Bool {
        let old = state
        state.end = Place(segment: state.end.segment + 1, offset: 0)
        guard (try? Outbox.open(&state, in: folder)) != nil,
            let checkpoint = state.checkpoint,
            Outbox.write([Outbox.mark] + checkpoint + [Outbox.lineEnd], &state)
        else {
            if state.descriptor >= 0, state.descriptor != old.descriptor { close(state.descriptor) }
            unlink(Outbox.file(state.end.segment, in: folder))
            state = old
            return false
        }
        close(old.descriptor)
        return true
    }

    private static func write(_ bytes: [UInt8], _ state: inout State) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                Glibc.write(state.descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                ftruncate(state.descriptor, off_t(state.end.offset))
                return false
            }
            written += count
        }
        state.end.offset += bytes.count
        state.sizes[state.end.segment, default: 0] += bytes.count
        return true
    }

    private static func size(of path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }
}
