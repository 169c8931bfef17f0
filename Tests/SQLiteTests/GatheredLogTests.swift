import FoundationEssentials
import SQLite
import TestSupport
import Testing

@Suite struct GatheredLogTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func open(_ name: String = "test.db", gathersLog: Bool) throws -> Database {
        let database = try Database(folder.file(name), gathersLog: gathersLog)
        try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -64")
        database.leaveCheckpointsToOthers()
        return database
    }

    func writer() throws -> Database {
        let writer = try open(gathersLog: true)
        try writer.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, value BLOB) STRICT")
        return writer
    }

    func insert(_ count: Int, _ writer: Database) throws(SQLiteError) {
        for number in 0..<count {
            try writer.run(
                "INSERT INTO thing (value) VALUES (?)", [UInt8](repeating: UInt8(number & 255), count: 1000))
        }
    }

    func count(_ database: Database) throws -> Int {
        #expect(try database.first("PRAGMA integrity_check") { $0.text(0) } == "ok")
        return try database.first("SELECT count(*) FROM thing") { Int($0.integer(0)) } ?? -1
    }

    func size(_ name: String) throws -> Int { try Data(contentsOf: URL(filePath: folder.file(name))).count }

    /// The second is more than what is gathered at once, and more than the page cache holds.
    @Test(arguments: [1, 3000])
    func othersReadWhatWasCommitted(_ rows: Int) throws {
        let writer = try writer()
        let reader = try open(gathersLog: false)
        try writer.transaction { () throws(SQLiteError) in try insert(rows, writer) }
        #expect(try count(reader) == rows)
        #expect(try count(writer) == rows)
    }

    @Test func whatIsUndoneLeavesNothing() throws {
        struct Undo: Error {}
        let writer = try writer()
        #expect(throws: Undo.self) {
            try writer.transaction(mapError: { $0 }) { () throws(any Error) in
                try insert(3000, writer)
                throw Undo()
            }
        }
        #expect(try count(writer) == 0)
        try insert(2, writer)
        #expect(try count(open(gathersLog: false)) == 2)
    }

    @Test func theFileGrowsInStepsAheadOfNeed() throws {
        let writer = try writer()
        try insert(1, writer)
        #expect(try size("test.db-wal") == 256 << 10)
        try writer.transaction { () throws(SQLiteError) in try insert(300, writer) }
        #expect(try size("test.db-wal") % (256 << 10) == 0)
    }

    @Test func aKilledWriterLeavesWhatItCommitted() throws {
        let writer = try writer()
        for _ in 0..<20 { try insert(1, writer) }
        // What is on the disk at this moment, with nothing closed.
        for suffix in ["", "-wal"] {
            try Data(contentsOf: URL(filePath: folder.file("test.db\(suffix)")))
                .write(to: URL(filePath: folder.file("copy.db\(suffix)")))
        }
        #expect(try count(open("copy.db", gathersLog: false)) == 20)
    }

    @Test func twoWritersTakeTurnsAlsoWhereTheLogIsBegunAnew() throws {
        let writers = [try writer(), try open(gathersLog: true), try open(gathersLog: false)]
        for round in 0..<60 {
            try insert(5, writers[round % writers.count])
            if round % 7 == 0 { try writers[(round + 1) % writers.count].checkpoint(.full) }
        }
        #expect(try count(writers[0]) == 300)
        // It never became longer than a round of it.
        #expect(try size("test.db-wal") == 256 << 10)
    }
}
