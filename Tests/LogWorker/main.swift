import FoundationEssentials
@preconcurrency import Glibc
import MessageLog
import Runtime
import SQLiteLog

// A process that does with a log what it is told, a line of words at a time, and answers each with a line: so that tests can make its disk fail,
// stop it, and kill it. `log-worker LOG`, then on standard input:
//
//     create TOPIC              make a topic of one partition
//     publish TOPIC COUNT TAG   publish COUNT records with the key TAG in one call; answers with the first offset
//     stream TOPIC COUNT TAG    publish COUNT records one by one with the keys TAG-0 and so on; answers with the keys that were taken
//     together TOPIC TASKS TAG  TASKS publishers at once, one record each with the keys TAG-0 and so on; answers with the keys that were taken
//     read TOPIC                answers with the keys of all records
//     join GROUP TOPIC MS       join with a lease of MS milliseconds; answers when the partition is held
//     commit TOPIC OFFSET TAG   commit the offset and publish a record with the key TAG in one transaction
//     maintain                  retention and compaction
//     close

setvbuf(stdout, nil, _IOLBF, 0)
signal(SIGPIPE, SIG_IGN)
let path = CommandLine.arguments.dropFirst().first ?? ""
let failPoints = FailPoints(environment: ProcessInfo.processInfo.environment)
var worker: Worker?
while let line = readLine() {
    let words = line.split(separator: " ").map(String.init)
    do throws(MessageLogError) {
        let open: Worker
        if let worker {
            open = worker
        } else {
            open = Worker(log: try await SQLiteLog.open(path, failPoints: failPoints))
        }
        worker = open
        print("ok", try await open.obey(words))
    } catch {
        print("error", error.code.rawValue, error.message)
    }
    if words == ["close"] { break }
}

/// What the commands work on.
struct Worker {
    let log: SQLiteLog
    let held = Locked<(member: any GroupMember, lease: PartitionLease)?>(nil)

    func obey(_ words: [String]) async throws(MessageLogError) -> String {
        switch (words.first, words.count) {
        case ("create", 2):
            try await log.create([
                TopicConfiguration(name: words[1], partitions: 1, cleanup: .delete(after: nil))
            ])
            return ""
        case ("publish", 4):
            let record = NewRecord(topic: words[1], key: words[3], value: Array(repeating: 7, count: 700))
            let positions = try await log.publish(Array(repeating: record, count: Int(words[2]) ?? 1))
            return "\(positions[0].offset)"
        case ("stream", 4): return await stream(words[1], Int(words[2]) ?? 1, words[3])
        case ("together", 4): return await together(words[1], Int(words[2]) ?? 1, words[3])
        case ("read", 2):
            let all = TopicPartition(topic: words[1], partition: 0)
            return try await log.read(all, from: 0, limit: ReadLimit(records: .max, bytes: .max)).map(\.key)
                .joined(separator: " ")
        case ("join", 4): return try await join(words[1], words[2], .milliseconds(Int(words[3]) ?? 1000))
        case ("commit", 4): return try await commit(words[1], Int64(words[2]) ?? 0, words[3])
        case ("maintain", 1):
            _ = try await log.maintain(now: SystemTime().now)
            return ""
        case ("close", 1):
            await log.close()
            return ""
        default: return "what is that?"
        }
    }

    private func stream(_ topic: String, _ count: Int, _ tag: String) async -> String {
        var taken: [String] = []
        for number in 0..<count {
            let record = NewRecord(topic: topic, key: "\(tag)-\(number)", value: [1])
            if (try? await log.publish([record])) != nil { taken.append(record.key) }
        }
        return taken.joined(separator: " ")
    }

    private func together(_ topic: String, _ tasks: Int, _ tag: String) async -> String {
        await withTaskGroup(of: String?.self) { group in
            for task in 0..<tasks {
                group.addTask {
                    let record = NewRecord(topic: topic, key: "\(tag)-\(task)", value: [1])
                    return await (try? log.publish([record])).map { _ in "\(tag)-\(task)" }
                }
            }
            return await group.reduce(into: [String]()) { if let key = $1 { $0.append(key) } }.joined(
                separator: " ")
        }
    }

    private func join(_ group: String, _ topic: String, _ lease: Duration) async throws(MessageLogError)
        -> String
    {
        let member = try await log.join(
            group: group, topics: [topic], settings: GroupSettings(member: "worker-\(getpid())", lease: lease)
        )
        while true {
            guard
                case .assigned(let leases) = try await member.poll(limit: ReadLimit(), timeout: .seconds(1)),
                let lease = leases.first
            else { continue }
            held.withLock { $0 = (member, lease) }
            return "\(lease.epoch)"
        }
    }

    private func commit(_ topic: String, _ offset: Int64, _ tag: String) async throws(MessageLogError)
        -> String
    {
        guard let (member, lease) = held.withLock({ $0 }) else { return "join first" }
        let record = NewRecord(topic: topic, key: tag, value: [1])
        try await member.commit([GroupTransaction(lease: lease, offsets: [topic: offset], records: [record])])
        return ""
    }
}
