import Events
import FoundationEssentials
import MetricStore
import Runtime
import TestSupport
import Testing

/// What is SQLite's alone.
@Suite struct SQLiteMetricStoreTests {
    @Test func whatWasWrittenIsThereAfterReopening() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("store.db")
        let first = try SQLiteMetricStore(path: path)
        try await first.write(.points("r", [Sample.point(1, labels: ["k": "v"])]))
        await first.close()
        let second = try SQLiteMetricStore(path: path)
        try await second.write(.points("r", [Sample.point(1), Sample.point(2, labels: ["k": "v"])]))
        let page = try await second.points(of: "r", PointQuery())
        #expect(page.items.map(\.point.sequence) == [1, 2])
        #expect(page.items.map(\.point.labels) == [["k": "v"], ["k": "v"]])
        await second.close()
    }

    @Test func aReaderOfAnotherConnectionSeesEachWriteAtOnce() async throws {
        let folder = try TemporaryFolder()
        let writer = try SQLiteMetricStore(path: folder.file("store.db"))
        let reader = try SQLiteMetricStore(path: folder.file("store.db"))
        for number in 1...5 {
            try await writer.write(.lines("r", [Sample.line(Int64(number), "x")]))
            #expect(try await reader.lineCount(of: "r") == Int64(number))
        }
        await writer.close()
        await reader.close()
    }

    @Test func twoWritersCountEachPointOnce() async throws {
        let folder = try TemporaryFolder()
        let first = try SQLiteMetricStore(path: folder.file("store.db"))
        let second = try SQLiteMetricStore(path: folder.file("store.db"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for store in [first, second] {
                group.addTask {
                    for start in stride(from: Int64(1), to: 201, by: 20) {
                        let points = (start..<start + 20).map { Sample.point($0, "m\($0)") }
                        try await store.write(.points("r", points))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await first.streams(of: "r").map(\.count) == [200])
        let names = try await second.points(of: "r", PointQuery()).items.map(\.point.name)
        #expect(names == (1...200).map { "m\($0)" })
        await first.close()
        await second.close()
    }

    @Test func aFileThatIsNoDatabaseIsRefusedByName() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("store.db", String(repeating: "this is no database ", count: 300))
        let error = #expect(throws: MetricStoreError.self) { try SQLiteMetricStore(path: path) }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains(path) == true)
        #expect(error?.isTransient == false)
    }

    @Test func aFolderThatIsNotThereIsAnErrorThatNamesIt() throws {
        let error = #expect(throws: MetricStoreError.self) {
            try SQLiteMetricStore(path: "/nonexistent/store.db")
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("/nonexistent/store.db") == true)
    }

    @Test func moreThanAPageIsNeverGiven() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteMetricStore(path: folder.file("store.db"))
        try await store.write(
            .points("r", (1...Int64(largestStorePage) + 1).map { Sample.point($0) }))
        let page = try await store.points(of: "r", PointQuery(limit: .max))
        #expect(page.items.count == largestStorePage)
        #expect(page.next == page.items.last?.cursor)
        await store.close()
    }
}
