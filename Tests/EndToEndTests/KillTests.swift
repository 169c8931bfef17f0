import FoundationEssentials
import JSON
import Runtime
import TestSupport
import Testing

/// Kills each service once at each fail point, while a benchmark with an alarm runs: what is recorded in the end is what would have been recorded anyway.
@Suite(.serialized) struct KillTests {
    private static let points = [
        "before-take", "after-take", "after-effect", "before-commit", "after-commit",
    ]

    /// A service, and where attempts run while it is killed.
    struct Case: Sendable, CustomTestStringConvertible {
        var service: String
        var place: AttemptPlace
        var testDescription: String { "\(service), attempts on \(place.rawValue)" }
    }

    /// Where attempts are pods, those that do something else than where they are processes.
    private static let cases = AttemptPlace.all.flatMap { place in
        let others = place == .machine ? ["fetcher", "metrics-pusher", "analyzer"] : []
        return (["bff", "executor", "watcher"] + others).map { Case(service: $0, place: place) }
    }

    @Test(arguments: cases) func aServiceKilledAtEveryPointChangesNothing(_ test: Case) async throws {
        let service = test.service
        let marks = try TemporaryFolder()
        let specification = KillTests.points.map { "\(service).\($0):kill" }.joined(separator: ",")
        let faults = ["BAI_FAILPOINT": specification, "BAI_FAILPOINT_ONCE": marks.path]
        try await Stack.with(faults, attempts: test.place) { stack in
            let runs = stack.folder.file("runs")
            let file = try stack.descriptor(
                "killed", script: "echo $BAI_ATTEMPT >> \(runs); bai-emit latency=300ms latency=302ms",
                extra: """
                    [run]
                    repeats = 2
                    [[output.metrics]]
                    name = "latency"
                    units = "ms"
                    [[alarms]]
                    metric = "latency"
                    above = 250
                    notify = ["log"]
                    """)
            let run = try await stack.baictl("run", file, "--wait", deadline: .seconds(90))
            #expect([.code(0), .code(3)].contains(run.exit), "\(run.standardError)")
            let hasAlarm = await eventually {
                (try? await stack.json("get", "alarms"))?.array?.count == 1
            }
            #expect(hasAlarm)
            let detail = try await stack.json("get", "benchmark", "latest")
            #expect(detail["summary"]?["status"] == "SUCCEEDED")
            #expect(detail["results"]?.array?.map { $0["samples"] } == [[301, 301]])
            #expect(
                try await stack.json("metrics", "latest", "--points").array?.count == 4, "each point once")
            let started = try String(contentsOf: URL(filePath: runs), encoding: .utf8).split(separator: "\n")
            #expect(started == ["1", "2"], "each attempt once")
            #expect(try await stack.json("get", "deadletters") == [])
        }
        let acted = try FileManager.default.contentsOfDirectory(atPath: marks.path)
        #expect(Set(acted) == Set(KillTests.points.map { "\(service).\($0)" }), "every point was passed")
    }
}
