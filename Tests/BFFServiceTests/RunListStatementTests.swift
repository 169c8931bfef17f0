import API
import Events
import Runtime
import SQLite
import TestSupport
import Testing

@testable import BFFService

/// A list of ten thousand runs is quick when SQLite walks an index that has them in the order of the list, and sorts nothing.
@Suite struct RunListStatementTests {
    /// SQLite's plan for a query.
    private func plan(_ change: (inout RunQuery) -> Void) throws -> [String] {
        var query = RunQuery()
        change(&query)
        let folder = try TemporaryFolder()
        let database = try ReadModelFile(path: folder.file("read-model.db")).openForWriting(
            StructuredLog(service: "test") { _ in })
        let none: String? = nil
        return try database.query(
            "EXPLAIN QUERY PLAN " + RunListStatement.text(for: query), none, none, none, none, none, none,
            none,
            none, none, none, none, none, 50
        ) { $0.text(3) }
    }

    @Test func theWholeListWalksTheIndexByTime() throws {
        #expect(try plan { _ in } == ["SEARCH runs USING INDEX runs_by_time (submitted>?)"])
    }

    @Test func aLaterPageBeginsWhereItsCursorIs() throws {
        let plan = try plan { $0.cursor = "1.2.3" }
        #expect(
            plan == ["SEARCH runs USING INDEX runs_by_time (submitted>? AND (submitted,rank,id)<(?,?,?))"])
    }

    @Test func eachCommonFilterHasAnIndexInTheOrderOfTheList() throws {
        let plans = [
            try plan { $0.statuses = [.failed] }, try plan { $0.name = "hello" }, try plan { $0.sweep = "s" },
            try plan { $0.username = "ann" }, try plan { $0.since = Timestamp(milliseconds: 1) },
        ]
        for plan in plans {
            #expect(plan.allSatisfy { $0.hasPrefix("SEARCH runs USING INDEX runs_by_") }, "\(plan)")
        }
    }

    @Test func nothingIsSortedForSeveralStatusesOrWords() throws {
        let plans = [try plan { $0.statuses = [.failed, .error] }, try plan { $0.text = "hello" }]
        for plan in plans { #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)") }
    }
}
