import SQLite
import TestSupport
import Testing

@Suite struct DatabaseTests {
    let folder = try? TemporaryFolder()

    func open(_ name: String = "test.db", access: Database.Access = .create) throws -> Database {
        try Database(#require(folder).file(name), access: access, busyTimeout: .milliseconds(20))
    }

    @Test func everyKindOfValueComesBackAsItWasBound() throws {
        let database = try open()
        try database.execute("CREATE TABLE v (i INTEGER, d REAL, t TEXT, b BLOB, n TEXT, f INTEGER) STRICT")
        let text = "naïve \u{0} 🐢"
        try database.run(
            "INSERT INTO v VALUES (?, ?, ?, ?, ?, ?)", Int64.min, 0.1, text, [0, 255] as [UInt8],
            nil as String?, true)
        let rows = try database.query("SELECT * FROM v") { row in
            let (i, d, t): (Int64, Double, String) = (row[0], row[1], row[2])
            let (b, n, f): ([UInt8], String?, Bool) = (row[3], row[4], row[5])
            #expect(i == .min && d == 0.1 && t == text && b == [0, 255] && n == nil && f)
            return row.isNull(4)
        }
        #expect(rows == [true])
    }

    @Test func emptyTextAndEmptyBytesAreNotNull() throws {
        let database = try open()
        let types = try database.first("SELECT typeof(?), typeof(?)", "", [UInt8]()) { row in
            [row.text(0), row.text(1)]
        }
        #expect(types == ["text", "blob"])
    }

    @Test func aForgottenValueIsAnErrorAndNotNull() throws {
        let database = try open()
        let error = #expect(throws: SQLiteError.self) { try database.run("SELECT ?, ?", 1) }
        #expect(error?.message.contains("1 values for 2 parameters") == true)
    }

    @Test func aTransactionThatThrowsLeavesNothing() throws {
        let database = try open()
        try database.execute("CREATE TABLE t (x)")
        #expect(throws: SQLiteError.self) {
            try database.transaction { () throws(SQLiteError) in
                try database.run("INSERT INTO t VALUES (1)")
                try database.run("INSERT INTO nowhere VALUES (1)")
            }
        }
        #expect(!database.isInTransaction)
        #expect(try database.first("SELECT count(*) FROM t") { $0.integer(0) } == 0)
    }

    @Test func aTransactionThrowsItsCallersOwnErrors() throws {
        struct Refused: Error, Equatable { var because: String }
        let database = try open()
        #expect(throws: Refused(because: "mine")) {
            try database.transaction(.immediate, mapError: { Refused(because: $0.message) }) {
                () throws(Refused) in
                throw Refused(because: "mine")
            }
        }
    }

    @Test func aSecondWriterIsToldThatTheDatabaseIsBusy() throws {
        let first = try open()
        let second = try open()
        try first.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (x)")
        try first.transaction { () throws(SQLiteError) in
            try first.run("INSERT INTO t VALUES (1)")
            let error = #expect(throws: SQLiteError.self) { try second.run("INSERT INTO t VALUES (2)") }
            #expect(error?.isBusy == true)
        }
        #expect(try second.run("INSERT INTO t VALUES (2)") == 1)
    }

    @Test func aWriterWaitsForALockThatIsSoonFree() async throws {
        let path = try #require(folder).file("test.db")
        try Database(path).execute("PRAGMA journal_mode = WAL; CREATE TABLE t (x)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    let database = try Database(path)
                    for _ in 0..<50 { try database.run("INSERT INTO t VALUES (1)") }
                }
            }
            try await group.waitForAll()
        }
        #expect(try Database(path).first("SELECT count(*) FROM t") { $0.integer(0) } == 100)
    }

    @Test func aSnapshotDoesNotSeeWhatIsWrittenMeanwhile() throws {
        let (reader, writer) = (try open(), try open())
        try writer.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (x)")
        func count() throws(SQLiteError) -> Int64? {
            try reader.first("SELECT count(*) FROM t") { $0.integer(0) }
        }
        try reader.snapshot(mapError: { $0 }) { () throws(SQLiteError) in
            #expect(try count() == 0)
            try writer.run("INSERT INTO t VALUES (1)")
            #expect(try count() == 0)
        }
        #expect(try count() == 1)
    }

    @Test func aReadOnlyConnectionRefusesToWrite() throws {
        try open().execute("CREATE TABLE t (x)")
        let reader = try open(access: .readOnly)
        let error = #expect(throws: SQLiteError.self) { try reader.run("INSERT INTO t VALUES (1)") }
        #expect(error?.code == .readOnly)
    }

    @Test func aFileThatIsNotThereIsOnlyMadeWhenAsked() throws {
        let error = #expect(throws: SQLiteError.self) { try open("missing.db", access: .readWrite) }
        #expect(error?.code == .cannotOpen)
        #expect(error?.description.contains("missing.db") == true)
    }

    @Test func aFileThatIsNoDatabaseIsCalledSo() throws {
        try folder?.write("test.db", String(repeating: "not a database ", count: 100))
        let error = #expect(throws: SQLiteError.self) { try open().run("SELECT * FROM sqlite_schema") }
        #expect(error?.code == .notADatabase)
        #expect(error?.isCorrupt == true)
    }

    @Test func aDatabaseThatMayNotGrowIsFull() throws {
        let database = try open()
        try database.execute("CREATE TABLE t (x); PRAGMA max_page_count = 3")
        let error = #expect(throws: SQLiteError.self) {
            try database.run("INSERT INTO t VALUES (zeroblob(100000))")
        }
        #expect(error?.isFull == true)
    }

    @Test func aDoubleQuotedWordIsAColumnAndNeverAString() throws {
        let database = try open()
        let error = #expect(throws: SQLiteError.self) { try database.run("SELECT \"misspelt\"") }
        #expect(error?.code == .other)
    }

    @Test func theSameTextMayBeUsedInsideItsOwnRows() throws {
        let database = try open()
        let sum = "WITH n(x) AS (VALUES (1), (2), (3)) SELECT x FROM n"
        let pairs = try database.query(sum) { outer throws(SQLiteError) in
            let first = outer.integer(0)
            return try database.query(sum) { $0.integer(0) * first }
        }
        #expect(pairs == [[1, 2, 3], [2, 4, 6], [3, 6, 9]])
    }

    @Test func aStatementIsCleanAfterARowThatThrew() throws {
        let database = try open()
        let statement = try database.prepare("SELECT ?")
        #expect(throws: SQLiteError.self) {
            try statement.first(7) { _ throws(SQLiteError) in
                throw SQLiteError(.other, message: "stop", path: "")
            }
        }
        #expect(try statement.first(8) { $0.integer(0) } == 8)
    }

    @Test func forEachStopsWhenItsBodyHasEnough() throws {
        let database = try open()
        let statement = try database.prepare(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n")
        var seen: [Int64] = []
        try statement.forEach(mapError: { $0 }) { (row: borrowing Row) throws(SQLiteError) in
            seen.append(row.integer(0))
            return seen.count < 3
        }
        #expect(seen == [1, 2, 3])
    }

    @Test func runSaysHowManyRowsItChanged() throws {
        let database = try open()
        try database.execute("CREATE TABLE t (x)")
        #expect(try database.run("INSERT INTO t VALUES (1), (2), (3)") == 3)
        #expect(try database.run("DELETE FROM t WHERE x > ?", 1) == 2)
        #expect(try database.run("DELETE FROM t WHERE x > ?", 1) == 0)
    }

    @Test func aCheckpointMovesTheWALIntoTheDatabase() throws {
        let database = try open()
        database.leaveCheckpointsToOthers()
        try database.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (x)")
        #expect(database.pagesInWAL > 0)
        let done = try database.checkpoint(.passive)
        #expect(done.logged > 0 && done.checkpointed == done.logged)
    }
}
