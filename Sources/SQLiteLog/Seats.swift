internal import CLinux
internal import Glibc
internal import Runtime

/// Where publishes wait to be taken along by whichever process writes next, in memory that all processes share.
///
/// A process that finds another one writing puts its records on its seat and waits for its turn as before. Whoever gets the turn first writes what is
/// on the seats too, in its own transaction and so with its sync, and answers with where each record went. Only who has SQLite's lock takes
/// from the seats, and only then can it be found out what became of a request whose driver has died: where its records were to go is on the
/// seat before the transaction ends, and until the next one begins nobody else can have written there.
final class Seats: @unchecked Sendable {
    // Because the words are only reached atomically, and the bytes beside them belong to one process at a time, as the words say.

    /// As many as there are bits in a bell. Who gets none waits for its turn alone.
    static let count = 32
    static let size = count * seatSize
    /// The most records of one request, and the most bytes.
    static let mostRecords = 32
    static let mostBytes = seatSize - requestOffset
    private static let seatSize = 8192
    private static let placesOffset = 64
    private static let requestOffset = placesOffset + mostRecords * MemoryLayout<Place>.size

    /// Where a record is, and that it is the one which was to go there.
    struct Place: Equatable, Sendable {
        var position: Int64
        var checksum: Int64
    }

    /// A request that was taken from a seat.
    struct Request: Equatable, Sendable {
        fileprivate(set) var seat: Int
        /// Grows with each request of the seat; never 0.
        fileprivate(set) var number: UInt32
        var bytes: [UInt8] = []
    }

    /// What became of a request.
    enum Answer: Equatable, Sendable {
        /// Its records are written and durable.
        case written([Place])
        /// Nothing of it was written.
        case declined
        /// Nobody knows: the memory does not hold what was put there.
        case unknown
    }

    /// The words at the beginning of a seat.
    private enum Word: Int {
        /// The request that may be taken; 0: none.
        case offered
        /// The last one that somebody took.
        case taken
        /// The last one that was answered, doubled; one more where it was written.
        case answered
        /// The last one whose places are on the seat.
        case placed
        /// The last number that was used.
        case last
        /// Of the request, in bytes.
        case length
        /// How many records it has.
        case count
    }

    private let memory: SharedMemory
    private let file: OpenFile
    private let offset: Int
    /// How many requests are on seats or on their way; processes that died meanwhile are still counted.
    private let passengers: UnsafeMutablePointer<UInt32>

    /// - Parameters:
    ///   - memory: its bytes 20 to 23 are for this too.
    ///   - file: the one that the memory is. Who sits on a seat holds a lock on its first byte.
    ///   - offset: where the seats begin, in bytes; `size` bytes from there on are for them.
    init(_ memory: SharedMemory, _ file: OpenFile, at offset: Int) {
        self.memory = memory
        self.file = file
        self.offset = offset
        passengers = memory.words(at: 20)
    }

    /// How many wait with a request, or died while they did.
    var passengerCount: Int { Int(clinux_atomic_load(passengers)) }

    /// Whether there may be somebody to look after.
    var isInUse: Bool { passengerCount != 0 }

    /// Forgets those who died. Only for whoever has the log open alone.
    func reset() { clinux_atomic_store(passengers, 0) }

    // MARK: For who waits

    /// A seat that is nobody's, which is this object's until the file is closed; nil where all are taken.
    func take() -> Int? {
        (0..<Seats.count).first { seat in
            let byte = offset + seat * Seats.seatSize
            guard file.tryLock(byte..<byte + 1, F_WRLCK) else { return false }
            // Whoever sat here before has died, and wants nothing any more.
            clinux_atomic_store(word(seat, .offered), 0)
            return true
        }
    }

    /// Puts a request on the seat, to be followed by `left` in the end; nil while it is not known what became of the last one.
    func offer(_ bytes: [UInt8], records: Int, on seat: Int) -> Request? {
        let last = clinux_atomic_load(word(seat, .last))
        guard bytes.count <= Seats.mostBytes, records <= Seats.mostRecords, !isOpen(seat) else { return nil }
        let number = (last &+ 1) & (.max >> 2)
        let request = Request(seat: seat, number: max(number, 1))
        bytes.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(start: start(seat, Seats.requestOffset), count: $0.count)
                .copyMemory(from: $0)
        }
        clinux_atomic_store(word(seat, .length), UInt32(bytes.count))
        clinux_atomic_store(word(seat, .count), UInt32(records))
        clinux_atomic_store(word(seat, .last), request.number)
        clinux_atomic_add(passengers, 1)
        clinux_atomic_store(word(seat, .offered), request.number)
        return request
    }

    /// Says that nobody waits for the request any more.
    func left() { clinux_atomic_add(passengers, -1) }

    /// Whether somebody has taken it.
    func isTaken(_ request: Request) -> Bool {
        clinux_atomic_load(word(request.seat, .taken)) == request.number
    }

    /// Takes it back; false where somebody has taken it.
    func withdraw(_ request: Request) -> Bool {
        clinux_atomic_compare_exchange(word(request.seat, .offered), request.number, 0) != 0
    }

    /// What became of it; nil while nobody has answered.
    func answer(to request: Request) -> Answer? {
        switch clinux_atomic_load(word(request.seat, .answered)) {
        case request.number << 1: return .declined
        case request.number << 1 | 1: return places(of: request).map(Answer.written) ?? .unknown
        default: return nil
        }
    }

    // MARK: For who writes, while it has SQLite's lock

    /// Takes all requests that are there.
    func takeRequests() -> [Request] {
        (0..<Seats.count).compactMap { seat in
            let number = clinux_atomic_load(word(seat, .offered))
            guard number != 0 else { return nil }
            // First: a request that is not offered any more is one that somebody took.
            clinux_atomic_store(word(seat, .taken), number)
            guard clinux_atomic_compare_exchange(word(seat, .offered), number, 0) != 0 else { return nil }
            let length = min(Int(clinux_atomic_load(word(seat, .length))), Seats.mostBytes)
            let bytes = UnsafeRawBufferPointer(start: start(seat, Seats.requestOffset), count: length)
            return Request(seat: seat, number: number, bytes: Array(bytes))
        }
    }

    /// Takes down where the records of a request will be when the transaction has ended well.
    func note(_ places: [Place], of request: Request) {
        places.withUnsafeBytes { source in
            guard let from = source.baseAddress, places.count <= Seats.mostRecords else { return }
            start(request.seat, Seats.placesOffset).copyMemory(from: from, byteCount: source.count)
        }
        clinux_atomic_store(word(request.seat, .count), UInt32(places.count))
        clinux_atomic_store(word(request.seat, .placed), request.number)
    }

    /// Says what became of it, to whom a stroke of its bell has to tell that.
    func answer(_ request: Request, isWritten: Bool) {
        let before = clinux_atomic_load(word(request.seat, .answered))
        // Somebody else may have found out already, and the seat may have another request by now.
        guard isTaken(request), before >> 1 != request.number else { return }
        let answer = request.number << 1 | (isWritten ? 1 : 0)
        _ = clinux_atomic_compare_exchange(word(request.seat, .answered), before, answer)
    }

    /// Requests whose driver has not answered, though it has the lock no more; with their places, if they got that far.
    func openRequests() -> [(request: Request, places: [Place]?)] {
        (0..<Seats.count).filter(isOpen).map { seat in
            let request = Request(seat: seat, number: clinux_atomic_load(word(seat, .taken)))
            return (request, places(of: request))
        }
    }

    /// The bell of whoever sits there.
    static func bell(of seat: Int) -> UInt32 { 1 << UInt32(seat) }

    private func isOpen(_ seat: Int) -> Bool {
        let taken = clinux_atomic_load(word(seat, .taken))
        return taken != 0 && clinux_atomic_load(word(seat, .answered)) >> 1 != taken
    }

    private func places(of request: Request) -> [Place]? {
        guard clinux_atomic_load(word(request.seat, .placed)) == request.number else { return nil }
        let count = min(Int(clinux_atomic_load(word(request.seat, .count))), Seats.mostRecords)
        let start = start(request.seat, Seats.placesOffset).assumingMemoryBound(to: Place.self)
        return Array(UnsafeBufferPointer(start: start, count: count))
    }

    private func start(_ seat: Int, _ byte: Int) -> UnsafeMutableRawPointer {
        memory.start + offset + seat * Seats.seatSize + byte
    }

    private func word(_ seat: Int, _ word: Word) -> UnsafeMutablePointer<UInt32> {
        memory.words(at: offset + seat * Seats.seatSize) + word.rawValue
    }
}
