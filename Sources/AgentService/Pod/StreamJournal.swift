internal import Glibc
internal import Runtime

/// What a process prints, on its way from `wrap` to the sidecar: files of frames in a folder, numbered from 0. The reader removes those that it is done with, and so
/// tells the writer that there is room.
enum StreamJournal {
    /// Where a frame's bytes come from.
    enum Channel: UInt8, CaseIterable {
        case stdout = 1
        case stderr, fifo
        /// A word of the agent's own for who reads the log; the frame is one line.
        case note
    }

    /// Bytes as they came at one moment.
    struct Frame: Equatable {
        var channel: Channel
        var time: Timestamp
        var bytes: [UInt8]
    }

    /// Channel, length and milliseconds, in the machine's own order: both ends are on one machine.
    static let headSize = 1 + 4 + 8
    /// The largest frame: as much as is read from a pipe at once.
    static let mostBytes = 64 * 1024
    /// The size of a file at which the next one is begun.
    static let segmentSize = 1 << 20

    static func segment(_ number: Int, in folder: String) -> String { "\(folder)/\(number)" }

    static func encode(_ channel: Channel, _ time: Timestamp, _ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(headSize + bytes.count)
        frame.append(channel.rawValue)
        withUnsafeBytes(of: UInt32(bytes.count)) { frame += $0 }
        withUnsafeBytes(of: time.milliseconds) { frame += $0 }
        frame += bytes
        return frame
    }

    /// Reads the frame at the beginning of `bytes`.
    ///
    /// - Returns: the frame and its size; nil when it is not all there yet.
    /// - Throws: when there never was such a frame.
    static func decode(_ bytes: ArraySlice<UInt8>) throws(JournalDamage) -> (frame: Frame, size: Int)? {
        guard bytes.count >= headSize, let first = bytes.first else { return nil }
        let (length, time) = bytes.withUnsafeBytes {
            (
                Int($0.loadUnaligned(fromByteOffset: 1, as: UInt32.self)),
                $0.loadUnaligned(fromByteOffset: 5, as: Int64.self)
            )
        }
        guard let channel = Channel(rawValue: first), length <= mostBytes else { throw JournalDamage() }
        guard bytes.count >= headSize + length else { return nil }
        let frame = Frame(
            channel: channel, time: Timestamp(milliseconds: time),
            bytes: Array(bytes.dropFirst(headSize).prefix(length)))
        return (frame, headSize + length)
    }
}

/// Somebody has written into the journal who should not.
struct JournalDamage: Error, Equatable {}

/// The writing end of a journal. For one thread.
final class JournalWriter {
    private let folder: String
    /// How much may be unread.
    private let limit: Int
    /// The files that may still be there, oldest first, with their sizes.
    private var segments: [(number: Int, size: Int)] = []
    private var nextNumber: Int
    private var descriptor: Int32 = -1
    /// Frames that found no room on the disk.
    private var stuck: [[UInt8]] = []
    private var stuckSince: ContinuousClock.Instant?
    /// Bytes that were given up because the disk stayed full.
    private(set) var lostBytes = 0

    /// How long the benchmark waits for room on the disk before what it prints is let go of.
    private static let patience = Duration.seconds(30)

    /// - Parameters:
    ///   - limit: bytes that may wait for the reader.
    ///   - number: the first file to write.
    init(_ folder: String, limit: Int, from number: Int = 0) {
        self.folder = folder
        nextNumber = number
        self.limit = max(limit, 2 * StreamJournal.segmentSize)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether nothing more should be given until the reader has read, or the disk has room.
    var isFull: Bool {
        if !stuck.isEmpty { return true }
        if unread <= limit { return false }
        while let first = segments.first, access(StreamJournal.segment(first.number, in: folder), F_OK) != 0 {
            segments.removeFirst()
        }
        return unread > limit
    }

    private var unread: Int { segments.reduce(0) { $0 + $1.size } }

    /// Passes bytes on, at most `StreamJournal.mostBytes`.
    func append(_ channel: StreamJournal.Channel, _ bytes: UnsafeRawBufferPointer, at time: Timestamp) {
        stuck.append(StreamJournal.encode(channel, time, bytes))
        flush()
    }

    /// Passes on what found no room before.
    func flush() {
        while let frame = stuck.first, write(frame) { stuck.removeFirst() }
        if stuck.isEmpty {
            stuckSince = nil
            return
        }
        let since = stuckSince ?? .now
        stuckSince = since
        guard .now - since > JournalWriter.patience else { return }
        lostBytes += stuck.reduce(0) { $0 + $1.count - StreamJournal.headSize }
        stuck = []
    }

    /// - Returns: false when there is no room; then nothing of the frame is there.
    private func write(_ frame: [UInt8]) -> Bool {
        if descriptor < 0 || (segments.last?.size ?? 0) >= StreamJournal.segmentSize {
            guard beginSegment() else { return false }
        }
        let size = segments[segments.count - 1].size
        var written = 0
        while written < frame.count {
            let count = frame[written...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                // The reader waits for the rest of a frame that is there in part.
                ftruncate(descriptor, off_t(size))
                return false
            }
            written += count
        }
        segments[segments.count - 1].size = size + frame.count
        return true
    }

    private func beginSegment() -> Bool {
        let number = nextNumber
        let path = StreamJournal.segment(number, in: folder)
        let new = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
        guard new >= 0 else { return false }
        if descriptor >= 0 { close(descriptor) }
        descriptor = new
        nextNumber = number + 1
        segments.append((number, 0))
        return true
    }
}

/// The reading end of a journal. For one thread.
final class JournalReader {
    /// How far everything was read: it is kept, so that another reader goes on there.
    struct Place: Codable, Equatable {
        var segment = 0
        var offset = 0
    }

    private let folder: String
    private(set) var place: Place
    private var descriptor: Int32 = -1

    init(_ folder: String, from place: Place = Place()) {
        self.folder = folder
        self.place = place
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Takes what is there now, about `limit` bytes of it.
    ///
    /// - Returns: whether there was anything.
    func read(limit: Int, _ take: (StreamJournal.Frame) -> Void) throws(JournalDamage) -> Bool {
        var total = 0
        while total < limit, openSegment() {
            // A file that has a successor is not written to any more: asked before its end is looked for.
            let hasSuccessor = access(StreamJournal.segment(place.segment + 1, in: folder), F_OK) == 0
            let taken = try takeFrames(take)
            total += taken
            if taken > 0 { continue }
            guard hasSuccessor else { break }
            close(descriptor)
            descriptor = -1
            place = Place(segment: place.segment + 1, offset: 0)
        }
        return total > 0
    }

    /// Removes the files that are read to their ends.
    static func removeSegments(before place: Place, in folder: String) {
        var number = place.segment - 1
        while number >= 0, unlink(StreamJournal.segment(number, in: folder)) == 0 { number -= 1 }
    }

    private func openSegment() -> Bool {
        if descriptor >= 0 { return true }
        descriptor = open(StreamJournal.segment(place.segment, in: folder), O_RDONLY | O_CLOEXEC)
        return descriptor >= 0
    }

    /// Room for a frame of any size.
    private static let chunk = 2 * (StreamJournal.headSize + StreamJournal.mostBytes)

    /// Takes the frames that are all there. A part of a frame is read again, since its writer may have to take it back.
    ///
    /// - Returns: how many bytes they had.
    private func takeFrames(_ take: (StreamJournal.Frame) -> Void) throws(JournalDamage) -> Int {
        var bytes = [UInt8](repeating: 0, count: JournalReader.chunk)
        let count = pread(descriptor, &bytes, bytes.count, off_t(place.offset))
        var taken = 0
        while taken < count, let (frame, size) = try StreamJournal.decode(bytes[taken..<count]) {
            take(frame)
            taken += size
        }
        place.offset += taken
        return taken
    }
}
