internal import MessageLog
internal import Runtime

/// What this process would have another one write for it: the publishes that wait for its turn. Belongs to the writer's thread.
final class Passenger {
    private let seats: Seats
    private let failPoints: FailPoints
    /// Taken when there was somebody to wait for, for the first time; nil where none was left.
    private var seat: Int?
    private var hasLookedForSeat = false
    private var jobs: [any WriteJob] = []
    private var request: Seats.Request?
    private let time: any TimeSource

    init(_ seats: Seats, _ time: any TimeSource, _ failPoints: FailPoints) {
        self.seats = seats
        self.time = time
        self.failPoints = failPoints
    }

    /// The bell that tells of an answer; all of them where this process has no seat.
    var bell: UInt32 { seat.map(Seats.bell) ?? .max }

    /// Whether somebody writes it, and does not want the turn to be taken for it.
    var isAboard: Bool { request.map { seats.isTaken($0) } ?? false }

    var isAnswered: Bool { request.flatMap { seats.answer(to: $0) } != nil }

    /// Whether it was taken, and came to nothing through no fault of its own perhaps.
    var isDeclined: Bool { request.flatMap { seats.answer(to: $0) } == .declined }

    /// To be called before each attempt to get the turn; no jobs where nobody else is to do them.
    func begin(_ jobs: [any WriteJob]) { self.jobs = jobs }

    /// Puts the jobs on the seat, if others can do them. To be called when somebody else is writing.
    func offer() {
        guard request == nil, !jobs.isEmpty else { return }
        // Once is enough: what cannot be offered now cannot be offered later.
        defer { jobs = [] }
        guard let records = Passenger.records(of: jobs), let seat = ownSeat else { return }
        let bytes = RequestCoding.encode(records, at: time.now)
        request = seats.offer(bytes, records: records.count, on: seat)
        if request != nil { try? failPoints.pass("log.after-offer") }
    }

    /// What became of what was offered; nil when it is still to be done here. To be called once this process has SQLite's lock and what its
    /// predecessors left open is settled, or when it does not wait for that any more.
    func settle() -> Seats.Answer? {
        guard let request else { return nil }
        defer {
            self.request = nil
            seats.left()
        }
        if let answer = seats.answer(to: request) { return answer == .declined ? nil : answer }
        if seats.withdraw(request) { return nil }
        // Somebody took it and holds the lock for too long, or the memory was lost.
        return .unknown
    }

    /// Tells the jobs what the answer says.
    func tell(_ answer: Seats.Answer, _ jobs: [any WriteJob]) {
        guard case .written(let places) = answer,
            places.count == jobs.reduce(0, { $0 + ($1.records?.count ?? 0) })
        else { return jobs.forEach { $0.fail(.refused(.fateUnknown)) } }
        var rest = places[...]
        for job in jobs {
            let records = job.records ?? []
            let positions = zip(records, rest).map { record, place in
                let packed = PackedPosition(number: place.position)
                return RecordPosition(
                    partition: TopicPartition(topic: record.topic, partition: packed.partition),
                    offset: packed.offset)
            }
            rest = rest.dropFirst(records.count)
            job.written(at: positions)
        }
    }

    private var ownSeat: Int? {
        if !hasLookedForSeat {
            hasLookedForSeat = true
            seat = seats.take()
        }
        return seat
    }

    /// The records of jobs that do nothing but publish a little; nil where one does something else, or it is too much.
    private static func records(of jobs: [any WriteJob]) -> [NewRecord]? {
        var all: [NewRecord] = []
        for job in jobs {
            guard let records = job.records, all.count + records.count <= Seats.mostRecords else {
                return nil
            }
            all += records
        }
        let bytes = all.reduce(0) { $0 + ($1.value?.count ?? 0) + $1.key.utf8.count }
        return bytes <= Seats.mostBytes ? all : nil
    }
}

extension MessageLogError {
    fileprivate static let fateUnknown = MessageLogError(
        .unavailable,
        "publish: another process was to write this too, and does not answer; it may be written or not")
}
