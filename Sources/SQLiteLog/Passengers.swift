internal import MessageLog
internal import Runtime
internal import SQLite

/// What this process writes for others, in a transaction of its own. Belongs to the writer's thread.
struct Passengers {
    private struct Ride {
        var request: Seats.Request
        /// Whether its records are in the transaction.
        var isWritten: Bool
    }

    private let seats: Seats
    private let failPoints: FailPoints
    private var rides: [Ride] = []
    /// The bells of those who were answered.
    private(set) var bells: UInt32 = 0
    /// Whether records were found that a process wrote for another one and died, without telling anybody.
    private(set) var hasFoundUntold = false

    init(_ seats: Seats, _ failPoints: FailPoints) {
        self.seats = seats
        self.failPoints = failPoints
    }

    var isEmpty: Bool { rides.isEmpty }

    /// Finds out what became of what earlier drivers took and did not answer. First of all in a transaction: nobody can have written where their
    /// records were to go but they.
    mutating func settle(_ tables: Tables) throws(SQLiteError) {
        guard seats.isInUse else { return }
        for (request, places) in seats.openRequests() {
            let isWritten =
                try places.map { (places) throws(SQLiteError) in try tables.holds(places) } ?? false
            hasFoundUntold = hasFoundUntold || isWritten
            seats.answer(request, isWritten: isWritten)
            bells |= Seats.bell(of: request.seat)
        }
    }

    /// Writes what is on the seats.
    mutating func board(_ tables: Tables) throws(SQLiteError) {
        guard seats.isInUse else { return }
        let requests = seats.takeRequests()
        rides = requests.map { Ride(request: $0, isWritten: false) }
        if rides.isEmpty { return }
        try? failPoints.pass("log.after-take")
        for (index, request) in requests.enumerated() {
            guard let (records, time) = RequestCoding.decode(request.bytes) else { continue }
            do throws(Failure) {
                let placed = try tables.place(records, in: tables.places(of: records), at: time)
                seats.note(placed, of: request)
                rides[index].isWritten = true
            } catch {
                // Who is refused hears why when it tries itself.
                if case .failed(let cause) = error { throw cause }
            }
        }
        try? failPoints.pass("log.before-commit")
    }

    /// Answers everybody, once the transaction has ended.
    mutating func answer(isCommitted: Bool) {
        if rides.isEmpty { return }
        if isCommitted { try? failPoints.pass("log.after-commit") }
        for ride in rides {
            seats.answer(ride.request, isWritten: isCommitted && ride.isWritten)
            bells |= Seats.bell(of: ride.request.seat)
        }
        try? failPoints.pass("log.after-answer")
    }
}

extension Tables {
    /// Whether these very records are there.
    fileprivate func holds(_ places: [Seats.Place]) throws(SQLiteError) -> Bool {
        for place in places {
            let checksum = try database.first(
                "SELECT checksum FROM record WHERE position = ?", place.position
            ) {
                $0.integer(0)
            }
            if checksum != place.checksum { return false }
        }
        return !places.isEmpty
    }
}
