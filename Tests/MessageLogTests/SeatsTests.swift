import Glibc
import MessageLog
import Runtime
import TestSupport
import Testing

@testable import SQLiteLog

/// How processes leave requests for each other, without a log.
@Suite struct SeatsTests {
    let folder: TemporaryFolder
    /// Two processes' views of the same seats.
    let riders: MembersFile
    let drivers: MembersFile
    var rider: Seats { riders.seats }
    var driver: Seats { drivers.seats }
    static let places = [Seats.Place(position: 7, checksum: -1), Seats.Place(position: 8, checksum: 5)]

    init() throws {
        folder = try TemporaryFolder()
        riders = try MembersFile(besides: folder.file("log.db"))
        drivers = try MembersFile(besides: folder.file("log.db"))
    }

    func offer(_ bytes: [UInt8] = [1, 2, 3]) throws -> Seats.Request {
        let seat = try #require(rider.take())
        return try #require(rider.offer(bytes, records: 2, on: seat))
    }

    @Test func aRequestIsTakenOnceAndAnsweredWithItsPlaces() throws {
        let request = try offer()
        #expect(!rider.isTaken(request))
        #expect(driver.isInUse)
        let taken = driver.takeRequests()
        #expect(taken.map(\.bytes) == [[1, 2, 3]])
        #expect(driver.takeRequests().isEmpty)
        #expect(rider.isTaken(request))
        #expect(rider.answer(to: request) == nil)
        driver.note(Self.places, of: taken[0])
        driver.answer(taken[0], isWritten: true)
        #expect(rider.answer(to: request) == .written(Self.places))
        rider.left()
        #expect(!driver.isInUse)
    }

    @Test func whatIsTakenBackIsNotTaken() throws {
        let request = try offer()
        #expect(rider.withdraw(request))
        #expect(driver.takeRequests().isEmpty)
        #expect(!rider.withdraw(request))
    }

    @Test func whatIsTakenCannotBeTakenBack() throws {
        let request = try offer()
        _ = driver.takeRequests()
        #expect(!rider.withdraw(request))
    }

    @Test func aRequestWhoseDriverDiedIsFoundWithWhatItHadNoted() throws {
        _ = try offer()
        let taken = driver.takeRequests()
        #expect(rider.openRequests().map(\.places) == [nil])
        driver.note(Self.places, of: taken[0])
        #expect(rider.openRequests().map(\.places) == [Self.places])
        driver.answer(taken[0], isWritten: false)
        #expect(rider.openRequests().isEmpty)
    }

    @Test func aSeatWhoseRequestIsOpenTakesNoOther() throws {
        let request = try offer()
        let taken = driver.takeRequests()
        #expect(rider.offer([4], records: 1, on: request.seat) == nil)
        driver.answer(taken[0], isWritten: false)
        #expect(rider.answer(to: request) == .declined)
        #expect(rider.offer([4], records: 1, on: request.seat) != nil)
    }

    @Test func aLateAnswerIsNotTakenForThatOfTheNextRequest() throws {
        let request = try offer()
        let late = driver.takeRequests()
        // Somebody else finds out first.
        rider.answer(request, isWritten: false)
        let next = try #require(rider.offer([4], records: 1, on: request.seat))
        driver.answer(late[0], isWritten: true)
        #expect(rider.answer(to: next) == nil)
        _ = driver.takeRequests()
        driver.answer(late[0], isWritten: true)
        #expect(rider.answer(to: next) == nil)
    }

    @Test func whereTheMemoryWasLostNobodyKnows() throws {
        let request = try offer()
        let taken = driver.takeRequests()
        driver.note(Self.places, of: taken[0])
        driver.answer(taken[0], isWritten: true)
        let file = try OpenFile(folder.file("log.db-members"))
        // The word that says whose places are on the first seat.
        var zero: UInt32 = 0
        #expect(pwrite(file.descriptor, &zero, 4, MembersFile.seatsOffset + 12) == 4)
        #expect(rider.answer(to: request) == .unknown)
    }

    @Test func whatIsTooLargeIsNotOffered() throws {
        let seat = try #require(rider.take())
        #expect(rider.offer(Array(repeating: 1, count: Seats.mostBytes + 1), records: 1, on: seat) == nil)
        #expect(rider.offer([], records: Seats.mostRecords + 1, on: seat) == nil)
        let largest = try #require(
            rider.offer(Array(repeating: 1, count: Seats.mostBytes), records: Seats.mostRecords, on: seat))
        #expect(rider.withdraw(largest))
    }

    @Test func aSeatIsNobodysAgainWhenItsFileIsClosed() throws {
        let path = folder.file("log.db")
        var others = try (0..<Seats.count).map { _ in try MembersFile(besides: path) }
        #expect(Set(others.compactMap { $0.seats.take() }).count == Seats.count)
        #expect(rider.take() == nil)
        others.removeLast()
        #expect(rider.take() == Seats.count - 1)
    }

    @Test func requestsAreReadAsTheyWereWritten() throws {
        let records = [
            NewRecord(topic: "runs", key: "k", value: [1, 2]),
            NewRecord(topic: "", key: "é", headers: ["a": "b", "": "c"], value: nil),
            NewRecord(topic: "runs", key: "", value: []),
        ]
        let time = Timestamp(milliseconds: -5)
        let bytes = RequestCoding.encode(records, at: time)
        let decoded = try #require(RequestCoding.decode(bytes))
        #expect(decoded.records == records)
        #expect(decoded.time == time)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 1
            #expect(RequestCoding.decode(damaged) == nil)
            #expect(RequestCoding.decode(Array(bytes.prefix(index))) == nil)
        }
    }

    @Test func aFileOfAnOlderProgramIsMadeLongerAndKept() throws {
        let path = folder.file("older.db")
        let older = try OpenFile("\(path)-members")
        let heart = [UInt8](repeating: 9, count: 16_448)
        #expect(pwrite(older.descriptor, heart, heart.count, 0) == heart.count)
        let file = try MembersFile(besides: path)
        #expect(file.seats.take() == 0)
        var kept = [UInt8](repeating: 0, count: heart.count)
        #expect(pread(older.descriptor, &kept, kept.count, 0) == kept.count)
        // But for what counts passengers.
        #expect(kept[64...] == heart[64...])
    }
}
