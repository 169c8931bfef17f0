import API
import BFFClient
import Deployment
import Events
import Invariants
import JSON
import MessageLog
import Runtime
import SQLiteLog

/// Looks on while faults are injected: how far groups have come, which runs have ended, and what the API tells of them.
actor Observer {
    private let stack: ChaosStack
    private let load: Load
    private let log: SQLiteLog
    private var next: [TopicPartition: Int64] = [:]
    private(set) var offsets: [OffsetSighting] = []

    init(_ stack: ChaosStack, _ load: Load) async throws {
        self.stack = stack
        self.load = load
        log = try await SQLiteLog.open(stack.installation.logFile)
    }

    /// Looks until the task is cancelled.
    func run() async throws {
        var looks = 0
        while !Task.isCancelled {
            do {
                try await look()
            } catch let error as MessageLogError where error.isTransient {
                // Somebody was stopped in the middle of a transaction: the next look may succeed.
            }
            if looks.isMultiple(of: 10) { await seeStatuses() }
            looks += 1
            try? await Task.sleep(for: .milliseconds(100))
        }
        await log.close()
    }

    private func look() async throws {
        for service in Topics.statefulServices {
            let committed = try await log.committedOffsets(of: service)
            if offsets.last(where: { $0.group == service })?.offsets != committed {
                offsets.append(OffsetSighting(group: service, offsets: committed))
            }
        }
        for number in 0..<Topics.partitions {
            try await follow(TopicPartition(topic: Topic.status.rawValue, partition: number))
        }
    }

    private func follow(_ partition: TopicPartition) async throws {
        let records = try await log.read(
            partition, from: next[partition] ?? 0, limit: ReadLimit(records: 5000, bytes: 64 << 20))
        guard let last = records.last else { return }
        next[partition] = last.offset + 1
        var ended: [String] = []
        for record in records where record.headers["type"] == StatusChanged.type {
            let event = try JSONCoding.decode(Event.self, from: record.value ?? [])
            if try event.payload(as: StatusChanged.self).status.isFinal { ended.append(event.actionID) }
        }
        await load.noteEnded(ended)
    }

    /// What a user sees who lists the newest runs. While nobody answers, nothing is seen.
    private func seeStatuses() async {
        var query = RunQuery()
        query.limit = 200
        guard let page = try? await stack.client.runs(query) else { return }
        let seen = page.items.filter(\.status.isFinal).map { StatusSighting(run: $0.id, status: $0.status) }
        await load.noteSightings(seen)
    }
}
