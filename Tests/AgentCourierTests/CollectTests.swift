import AgentService
import Events
import Glibc
import HTTPMessages
import JSON
import PodContract
import Runtime
import TestSupport
import Testing

/// What `bai-agent collect` delivers, whatever happens to it and to whoever takes it.
@Suite struct CollectTests {
    /// Prints and measures `count` times.
    private func script(_ stage: PodStage, _ count: Int = 300) -> String {
        """
        i=0; while [ $i -lt \(count) ]; do echo "line $i"; echo '{"bai":1,"metrics":{"m":'$i'}}' >> \
        \(stage.folders.metrics(ofProcess: 0)); i=$((i+1)); done
        """
    }

    private func stage(_ server: RecordServer, _ changes: [String: JSONValue] = [:]) throws -> PodStage {
        let delivery: [String: JSONValue] = ["delivery": "api", "server": .string(server.url)]
        let stage = try PodStage(delivery.merging(changes) { $1 })
        try stage.prepare()
        return stage
    }

    private func check(_ server: RecordServer, lines: Int, points: Int) {
        let records = server.records
        #expect(records.areWhole)
        #expect(records.texts(.stdout) == (0..<lines).map { "line \($0)" })
        #expect(records.points[0]?.map(\.value) ?? [] == (0..<points).map(Double.init))
        #expect(server.problems == [])
    }

    @Test func everythingIsDeliveredOnceAndInOrder() async throws {
        let server = try RecordServer()
        let stage = try stage(server)
        let variables = ["BAI_NODE": "node-7", "BAI_POD": "bai-r1-2-x"]
        let sidecar = try stage.start("collect", [], variables)
        #expect(try await stage.start("wrap", ["sh", "-c", script(stage)]).end() == .code(0))
        #expect(try await sidecar.end() == .code(0))
        check(server, lines: 300, points: 300)
        #expect(server.records.repeated == 0)
        #expect(stage.report?.outcome.metricCount == 300)
        #expect(stage.report?.outcome.logCount == 300)
    }

    @Test func patternsFifoAndOldLibraryAreRead() async throws {
        let server = try RecordServer()
        let metric: JSONValue = [
            "name": "loss", "units": "nats", "pattern": "loss=([0-9.]+)", "direction": "lower", "labels": [],
        ]
        let stage = try stage(server, ["metrics": [metric]])
        let sidecar = try stage.start("collect")
        let script = """
            echo loss=0.5; echo '{"speed": 3}' > \(stage.folders.fifo); echo '{"p": 2}'
            """
        let wrap = try stage.start("wrap", ["sh", "-c", script], ["BENCHMARK_AI": "stdout"])
        #expect(try await wrap.end() == .code(0))
        #expect(try await sidecar.end() == .code(0))
        let points = server.records.points[0] ?? []
        #expect(Set(points.map(\.name)) == ["loss", "speed", "p"])
        #expect(points.first { $0.name == "loss" }?.unit == "nats")
    }

    @Test func aServerThatIsDownLosesNothing() async throws {
        let server = try RecordServer()
        let stage = try stage(server)
        guard let port = server.url.split(separator: ":").last.flatMap({ UInt16($0) }) else { return }
        await server.stop()
        let sidecar = try stage.start("collect")
        #expect(try await stage.start("wrap", ["sh", "-c", script(stage)]).end() == .code(0))
        // The benchmark does not wait for it, and its report has the counts all the same.
        #expect(stage.report?.outcome.metricCount == 300)
        let back = try RecordServer(port: port)
        #expect(try await sidecar.end() == .code(0))
        check(back, lines: 300, points: 300)
    }

    @Test func aBusyServerIsAskedAgain() async throws {
        let server = try RecordServer([
            .answer(503, [:]), .answer(429, ["Retry-After": "1"]), .answer(500, [:]),
            .takeAfter(.milliseconds(300)),
        ])
        let stage = try stage(server)
        let sidecar = try stage.start("collect")
        #expect(try await stage.start("wrap", ["sh", "-c", script(stage, 50)]).end() == .code(0))
        #expect(try await sidecar.end() == .code(0))
        check(server, lines: 50, points: 50)
        #expect(server.requests >= 4)
    }

    @Test func whatWasStoredWithoutAnAnswerComesAgainWordByWord() async throws {
        let server = try RecordServer([.takeAndHangUp, .takeAndHangUp])
        let stage = try stage(server)
        let sidecar = try stage.start("collect")
        #expect(try await stage.start("wrap", ["sh", "-c", script(stage, 50)]).end() == .code(0))
        #expect(try await sidecar.end() == .code(0))
        check(server, lines: 50, points: 50)
        #expect(server.records.repeated > 0)
    }

    @Test func whatIsTooMuchIsSentInPieces() async throws {
        let server = try RecordServer(then: .takeUpTo(200_000))
        let stage = try stage(server)
        let sidecar = try stage.start("collect")
        let print = "head -c 600000 /dev/zero | tr '\\0' 'x' | fold -w 100"
        #expect(try await stage.start("wrap", ["sh", "-c", print]).end() == .code(0))
        #expect(try await sidecar.end() == .code(0))
        #expect(server.records.areWhole)
        #expect(server.records.texts(.stdout).count == 6000)
    }

    @Test(arguments: [401, 403, 404, 410])
    func whoIsNotWantedGivesUpAndLetsTheBenchmarkRun(status: Int) async throws {
        let server = try RecordServer(then: .answer(status, [:]))
        let stage = try stage(server, ["log_limit": "1MiB"])
        let sidecar = try stage.start("collect")
        // Far more than may wait anywhere.
        let wrap = try stage.start(
            "wrap", ["sh", "-c", "head -c 8000000 /dev/zero | tr '\\0' 'x' | fold -w 1000"])
        #expect(try await wrap.end() == .code(0))
        #expect(try await sidecar.end() == .code(0))
        let report = try #require(stage.report)
        #expect(report.outcome.reason == .metricsLost)
        #expect(report.outcome.message.contains("\(status)"))
        #expect(server.requests == 1)
    }

    @Test(arguments: [
        "agent.before-append", "agent.after-append", "agent.before-confirm", "agent.before-counts",
    ])
    func aSidecarThatIsKilledGoesOnWithTheSameNumbers(point: String) async throws {
        let server = try RecordServer()
        let stage = try stage(server)
        let once = try TemporaryFolder()
        let variables = ["BAI_FAILPOINT": "\(point):kill", "BAI_FAILPOINT_ONCE": once.path]
        let first = try stage.start("collect", [], variables)
        let wrap = try stage.start("wrap", ["sh", "-c", script(stage)])
        #expect(try await first.end() == .signal(SIGKILL))
        let second = try stage.start("collect", [], variables)
        #expect(try await wrap.end() == .code(0))
        #expect(try await second.end() == .code(0))
        check(server, lines: 300, points: 300)
    }

    @Test func killedAgainAndAgainItLosesNothing() async throws {
        let server = try RecordServer()
        let stage = try stage(server)
        let wrap = try stage.start(
            "wrap",
            [
                "sh", "-c",
                """
                i=0; while [ $i -lt 60 ]; do echo "line $i"; echo '{"bai":1,"metrics":{"m":'$i'}}' >> \
                \(stage.folders.metrics(ofProcess: 0)); sleep 0.02; i=$((i+1)); done
                """,
            ])
        for count in 0..<6 {
            let sidecar = try stage.start("collect")
            let before = server.requests
            let hasDelivered = await eventually {
                server.requests > before + count % 2 || server.records.metricEnds[0] != nil
            }
            #expect(hasDelivered)
            sidecar.signal(SIGKILL)
            _ = try await sidecar.end()
        }
        let last = try stage.start("collect")
        #expect(try await wrap.end() == .code(0))
        #expect(try await last.end() == .code(0))
        check(server, lines: 60, points: 60)
    }

    @Test func askedToEndItDeliversWhatABenchmarkThatWasKilledHasLeft() async throws {
        let server = try RecordServer()
        let stage = try stage(server)
        let sidecar = try stage.start("collect")
        let wrap = try stage.start("wrap", ["sh", "-c", "echo line 0; echo ready >&2; exec sleep 30"])
        let isReady = await eventually { wrap.errors.contains("ready") }
        #expect(isReady)
        wrap.signal(SIGKILL)
        _ = try await wrap.end()
        #expect(try await sidecar.end() == .code(0))
        #expect(server.records.areWhole)
        #expect(server.records.texts(.stdout) == ["line 0"])
    }

    @Test func askedToEndBeforeTheBenchmarkBeganItEndsTheStreams() async throws {
        let server = try RecordServer()
        let stage = try stage(server)
        let sidecar = try stage.start("collect")
        #expect(await stage.appears("\(stage.folders.records)/0.ndjson"))
        sidecar.signal(SIGTERM)
        #expect(try await sidecar.end() == .code(0))
        #expect(server.records.metricEnds[0]?.count == 0)
        #expect(server.records.logEnds[0]?.count == 0)
    }

    @Test func anImagesOwnCommandIsHeardThroughFileAndFifo() async throws {
        let server = try RecordServer()
        let stage = try stage(server, ["is_wrapped": false])
        let sidecar = try stage.start("collect")
        #expect(await stage.appears(stage.folders.stream(ofProcess: 0)))
        try stage.folder.write("bai/metrics.jsonl", "{\"bai\":1,\"metrics\":{\"m\":1}}\n")
        let writer = open(stage.folders.fifo, O_WRONLY | O_CLOEXEC)
        _ = "{\"f\": 2}\n".withCString { write(writer, $0, strlen($0)) }
        close(writer)
        sidecar.signal(SIGTERM)
        #expect(try await sidecar.end() == .code(0))
        let records = server.records
        #expect(Set(records.points[0]?.map(\.name) ?? []) == ["m", "f"])
        #expect(records.metricEnds[0]?.count == 2)
        // Its log is read, numbered and ended by somebody else.
        #expect(records.logEnds.isEmpty && records.lines.isEmpty)
    }

    @Test func aServersStreamIsAnotherThanItsClients() async throws {
        let server = try RecordServer()
        let stage = try stage(server, ["role": "server"])
        let sidecar = try stage.start("collect")
        #expect(try await stage.start("wrap", ["sh", "-c", "echo served"]).end() == .code(0))
        #expect(try await sidecar.end() == .code(0))
        #expect(server.records.texts(.stdout, rank: 1) == ["served"])
        #expect(server.records.metricEnds.keys.sorted() == [1])
    }

    @Test(.enabled(if: SmallDisk.isPossible)) func aFullDiskHoldsTheBenchmarkUpUntilThereIsRoom() async throws
    {
        let disk = try SmallDisk(megabytes: 8)
        let server = try RecordServer()
        let delivery: [String: JSONValue] = ["delivery": "api", "server": .string(server.url)]
        let stage = try PodStage(in: disk.path, delivery)
        try stage.prepare()
        let marks = try TemporaryFolder()
        let script = """
            while [ ! -e \(marks.file("go")) ]; do sleep 0.02; done
            i=0; while [ $i -lt 100 ]; do echo "line $i"; i=$((i+1)); done; : > \(marks.file("done"))
            """
        let sidecar = try stage.start("collect")
        let wrap = try stage.start("wrap", ["sh", "-c", script])
        #expect(await stage.appears(stage.folders.begun))
        try disk.fill()
        try marks.write("go", "")
        #expect(await stage.appears(marks.file("done")))
        // It has printed everything, and nothing of it has found room: it has not ended.
        #expect(access(stage.folders.ended, F_OK) != 0)
        disk.empty()
        #expect(try await wrap.end() == .code(0))
        #expect(try await sidecar.end() == .code(0))
        check(server, lines: 100, points: 0)
    }

    @Test func aHundredMegabytesPassThroughLittleMemoryAndDisk() async throws {
        let server = try RecordServer()
        let stage = try stage(server, ["log_limit": "4MiB"])
        let sidecar = try stage.start("collect")
        let wrap = try stage.start(
            "wrap", ["sh", "-c", "head -c 100000000 /dev/zero | tr '\\0' 'x' | fold -w 1000; echo last"])
        let most = Locked(0)
        let watch = Task {
            while !Task.isCancelled {
                let used = diskUse(stage.folders.streams) + diskUse(stage.folders.records)
                most.withLock { $0 = max($0, used) }
                try? await SystemTime().sleep(for: .milliseconds(20))
            }
        }
        #expect(try await wrap.end() == .code(0))
        #expect(try await sidecar.end() == .code(0))
        watch.cancel()
        #expect(server.records.areWhole)
        #expect(stage.report?.outcome.logCount == server.records.logEnds[0]?.count)
        #expect(most.withLock { $0 } < 24 << 20)
    }
}

/// Bytes of the files in a folder and those below.
private func diskUse(_ folder: String) -> Int {
    guard let directory = opendir(folder) else { return 0 }
    defer { closedir(directory) }
    var sum = 0
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name == "." || name == ".." { continue }
        var status = stat()
        guard stat("\(folder)/\(name)", &status) == 0 else { continue }
        sum += status.st_mode & S_IFMT == S_IFDIR ? diskUse("\(folder)/\(name)") : Int(status.st_size)
    }
    return sum
}
