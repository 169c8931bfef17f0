import Events
import FoundationEssentials
import JSON
import MessageLog
import Runtime
import SQLiteLog
import TestSupport
import Testing

/// Records that nobody can handle, on every topic: each becomes a dead letter of each service that takes it, and everybody goes on.
@Suite struct PoisonTests {
    /// Which services take the records of a topic, and the type of one.
    private static let consumers: [(topic: Topic, type: String, services: [String])] = [
        (.runs, RunSubmitted.type, ["fetcher", "watcher"]),
        (.commands, Command.type, ["executor", "fetcher", "metrics-pusher", "watcher"]),
        (.fetched, RunFetched.type, ["executor"]),
        (.jobs, JobCreated.type, ["watcher"]),
        (.status, StatusChanged.type, ["executor", "fetcher", "metrics-pusher", "watcher"]),
        (.metrics, MetricBatch.type, ["metrics-pusher"]),
        (.logs, LogBatch.type, ["metrics-pusher"]),
        (.results, ResultComputed.type, ["analyzer"]),
        // Only the read model takes these. It passes over what it cannot read, and says so in its log and in /v1/health.
        (.alarms, AlarmChanged.type, []), (.deadletter, DeadLetter.type, []),
    ]

    @Test func poisonOnEveryTopicIsPutAsideAndEverybodyGoesOn() async throws {
        try await Stack.with { stack in
            let log = try await SQLiteLog.open("\(stack.home)/log.db")
            for (topic, type, _) in PoisonTests.consumers {
                // A key for each topic: of a run that has ended by one poison, nobody looks at the next.
                try await log.put([0xff, 0x00, 0xfe], on: topic, key: "garbage-\(topic)")
                try await log.put(PoisonTests.event(type, version: 99), on: topic, key: "future-\(topic)")
                try await log.put(
                    PoisonTests.event("never_heard_of", version: 1), on: topic, key: "unknown-\(topic)")
            }
            await log.close()
            let expected = PoisonTests.consumers.flatMap { topic, _, services in
                services.flatMap { ["garbage-\(topic) \(topic) \($0)", "future-\(topic) \(topic) \($0)"] }
            }
            let arePutAside = try await eventually { try await letters(stack).count >= expected.count }
            #expect(arePutAside)
            #expect(
                try await letters(stack) == expected.sorted(), "unknown types are later versions' business")
            let file = try stack.descriptor("after", script: "bai-emit value=1")
            #expect(try await stack.baictl("run", file, "--wait").exit == .code(0))
            #expect(try await stack.json("list").array?.count == 1, "poison makes no runs")

            // Given back it is as bad as before: another dead letter of each service, and no more.
            let first = try await stack.succeed("get", "deadletters", "-o", "name").split(separator: "\n")
            let replayed = try #require(first.first.map(String.init))
            try await stack.succeed("replay", replayed)
            #expect(try await stack.baictl("replay", replayed).exit == .code(6), "once")
            let isBack = try await eventually { try await letters(stack).count > expected.count }
            #expect(isBack)
        }
    }

    @Test func poisonAmongWhatServicesHaveInHandIsPutAsideAtTheStart() async throws {
        try await Stack.with { stack in
            try await stack.succeed("down")
            let services = ["analyzer", "executor", "fetcher", "metrics-pusher", "watcher"]
            let log = try await SQLiteLog.open("\(stack.home)/log.db")
            for service in services {
                let record = NewRecord(topic: Topic.state(of: service), key: "garbage", value: [0xff, 0x00])
                _ = try await log.publish([record])
            }
            await log.close()
            try await stack.succeed("up")
            let expected = services.map { "garbage state.\($0) \($0)" }
            let arePutAside = try await eventually { try await letters(stack) == expected }
            #expect(arePutAside)
            let file = try stack.descriptor("after", script: "bai-emit value=1")
            #expect(try await stack.baictl("run", file, "--wait").exit == .code(0))
            let letter = try #require(
                try await stack.succeed("get", "deadletters", "-o", "name").split(separator: "\n").first)
            let replay = try await stack.baictl("replay", String(letter))
            #expect(replay.exit == .code(6) && replay.standardError.contains("is not replayed"))
        }
    }

    /// `key topic service` of each dead letter, in order; each has its reason.
    private func letters(_ stack: Stack) async throws -> [String] {
        let letters = try await stack.json("get", "deadletters", "--limit", "500").array ?? []
        return letters.map { $0["letter"] }.compactMap { letter in
            guard let key = letter?["key"]?.string, let topic = letter?["topic"]?.string,
                let service = letter?["service"]?.string, letter?["reason"]?.string?.isEmpty == false
            else { return nil }
            return "\(key) \(topic) \(service)"
        }.sorted()
    }

    private static func event(_ type: String, version: Int64) throws -> [UInt8] {
        try JSONCoding.encode(
            Event(
                messageID: "poison", actionID: "poison", clientID: "test", clientVersion: "1",
                clientUsername: "eve",
                tstamp: .init(milliseconds: 0), type: type, payload: ["v": .integer(version)]))
    }
}

extension SQLiteLog {
    fileprivate func put(_ value: [UInt8], on topic: Topic, key: String) async throws {
        _ = try await publish([NewRecord(topic: topic.rawValue, key: key, value: value)])
    }
}
