internal import Events
internal import FoundationEssentials
internal import JSON
package import MessageLog
package import Runtime
internal import ServiceLoop
internal import SQLiteLog

/// Going on without records that are damaged in an installation's message log.
package struct DamagedLog: Sendable {
    private let path: String
    private let time: any TimeSource
    private let node = ServiceNode.current("baictl")
    private let username: String

    /// - Parameters:
    ///   - path: the log's file.
    ///   - username: who does it, for the events that say so.
    package init(path: String, time: any TimeSource, username: String) {
        self.path = path
        self.time = time
        self.username = username
    }

    /// What was passed over.
    package struct Outcome: Sendable, Equatable {
        package var records = 0
        /// Runs that were ended, because something that somebody had yet to do for them is lost.
        package var endedRuns: [String] = []
    }

    /// Passes over what is damaged at `position`, for every service, whether it runs or not: what can still be seen of it becomes a dead letter, and a run
    /// that it was for ends as an error, unless everybody who needed the record has it.
    ///
    /// - Returns: nil when nothing is damaged there.
    package func skip(_ position: RecordPosition) async throws -> Outcome? {
        guard FileManager.default.fileExists(atPath: path) else {
            throw MessageLogError(.unavailable, "\(path): there is no such file")
        }
        let log = try await SQLiteLog.open(path, time: time)
        let passed = try await log.passOver(position) { records(about: $0) }
        await log.close()
        return passed.map { Outcome(records: $0.count, endedRuns: runs(missing: $0)) }
    }

    private func records(about damaged: [DamagedRecord]) -> [NewRecord] {
        let letters = damaged.filter { $0.content != nil }.map { record in
            self.record(letter(record), name: "dead/\(record.position)", key: record.content?.key ?? "")
        }
        let ends = runs(missing: damaged).map { run in
            let end = StatusChanged(
                status: .error, reason: .internalError,
                message:
                    "a record of it was damaged in the message log and passed over. See `baictl get deadletters`.",
                attempt: 0)
            return self.record(end, name: "skipped", key: run)
        }
        return letters + ends
    }

    private func letter(_ record: DamagedRecord) -> DeadLetter {
        let text = record.content?.value.flatMap { String(validating: $0, as: UTF8.self) }
        return DeadLetter(
            service: node.service, topic: record.position.partition.topic,
            partition: record.position.partition.partition, offset: record.position.offset,
            key: record.content?.key ?? "", headers: [:], text: text,
            bytes: text == nil ? record.content?.value.map { Data($0).base64EncodedString() } : nil,
            reason: "it was damaged in the message log, and passed over by `baictl log skip`", tries: 0,
            damaged: true)
    }

    /// The runs that the records were for, as far as somebody misses them.
    private func runs(missing damaged: [DamagedRecord]) -> [String] {
        let runs = damaged.filter { $0.isMissed && DamagedLog.isAboutRuns($0.position.partition.topic) }
            .compactMap { $0.content?.key }
        return Set(runs).sorted()
    }

    /// Whether the keys of a topic are runs, rather than series.
    private static func isAboutRuns(_ topic: String) -> Bool {
        switch Topic(rawValue: topic) {
        case .runs, .commands, .fetched, .jobs, .status, .metrics, .logs: true
        case .results, .alarms, .deadletter: false
        case nil: topic != Topic.state(of: "analyzer")
        }
    }

    private func record<Payload: EventPayload>(_ payload: Payload, name: String, key: String) -> NewRecord {
        let now = time.now
        let origin = Event(
            messageID: "", actionID: key, clientID: node.host, clientVersion: node.version,
            clientUsername: username, tstamp: now, type: "", payload: .object([:]))
        // Made of texts and numbers, which always have a JSON form.
        let value = try? JSONCoding.encode(
            origin.following(
                payload, messageID: "\(key)/\(node.service)/\(name)", at: now, by: node.visit(at: now)))
        precondition(value != nil, "an event of \(Payload.type) has no JSON form")
        return NewRecord(
            topic: Payload.topic.rawValue, key: key, headers: ["type": Payload.type], value: value)
    }
}
