import Events
import FoundationEssentials
import JSON
import MessageLog
import Runtime
import SQLite
import SQLiteLog
import TestSupport
import Testing

/// A bit flipped in what services have yet to read.
@Suite struct DamageTests {
    @Test func aDamagedRecordStopsOneRunAndNobodyElseAndIsPassedOverOnCommand() async throws {
        try await Stack.with { stack in
            let file = try stack.descriptor("first", script: "true")
            try await stack.succeed("run", file, "--wait")
            try await stack.succeed("down")
            let (run, position) = try await stack.submitDamaged()
            try await stack.succeed("up")
            for service in ["bai-bff", "bai-fetcher", "bai-watcher"] {
                let isSaid = try await eventually {
                    try await stack.baictl("status").standardError.split(separator: "\n").contains {
                        $0.hasPrefix("problem: \(service): ") && $0.contains("`baictl log skip \(position)`")
                    }
                }
                #expect(isSaid, "\(service)")
            }
            #expect(try await stack.baictl("doctor").standardOutput.contains("baictl log skip \(position)"))
            #expect(try await stack.baictl("log", "check").exit == .code(10))
            // A fourth of all runs is in the partition that waits; of these sixteen about twelve are not.
            let others = try stack.descriptor(
                "others", script: "true",
                extra: "[matrix]\nn = [\((1...16).map(String.init).joined(separator: ","))]")
            try await stack.succeed("run", others)
            let goOn = try await eventually {
                try await stack.json("list", "--status", "SUCCEEDED").array?.count ?? 0 > 5
            }
            #expect(goOn)
            try await stack.succeed("log", "skip", position, "--yes")
            #expect(try await stack.baictl("log", "skip", position).exit == .code(5), "once")
            let areDone = try await eventually(within: .seconds(40)) {
                try await stack.json("list", "--status", "SUCCEEDED").array?.count == 17
            }
            #expect(areDone, "and now those behind it")
            let letters = try await stack.json("get", "deadletters").array ?? []
            #expect(letters.count == 1 && letters.first?["letter"]?["key"] == .string(run))
            let id = try #require(letters.first?["id"]?.string)
            let replay = try await stack.baictl("replay", id)
            #expect(replay.exit == .code(6) && replay.standardError.contains("was damaged"))
            let isWell = try await eventually { try await stack.baictl("status").exit == .code(0) }
            #expect(isWell)
            #expect(try await stack.baictl("status").standardError == "")
            #expect(try await stack.baictl("log", "check").exit == .code(0))
        }
    }
}

extension Stack {
    /// Submits the first run once more while the services are down, and changes a letter of it before any of them has seen it.
    fileprivate func submitDamaged() async throws -> (run: String, position: String) {
        let log = try await SQLiteLog.open("\(home)/log.db")
        var submitted: LogRecord?
        for partition in 0..<(try await log.topics().first?.partitions ?? 0) {
            let runs = TopicPartition(topic: Topic.runs.rawValue, partition: partition)
            submitted = try await log.read(runs, from: 0, limit: ReadLimit()).first ?? submitted
        }
        let first = try #require(submitted)
        let run = UUID().uuidString.lowercased()
        let value = String(decoding: first.value ?? [], as: UTF8.self).replacing(first.key, with: run)
        let record = NewRecord(topic: first.topic, key: run, headers: first.headers, value: Array(value.utf8))
        let position = try await log.publish([record])[0]
        await log.close()
        let changed = try Database("\(home)/log.db").run(
            "UPDATE record SET value = CAST(replace(CAST(value AS TEXT), 'first', 'f1rst') AS BLOB) WHERE key = ?",
            run)
        try #require(changed == 1)
        return (run, position.description)
    }
}
