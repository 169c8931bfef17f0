package import Events
internal import JSON
package import MessageLog
package import Runtime
package import ServiceLoop

/// A log in memory with the product's topics, for tests that run services over it and play everybody else.
package struct ServiceStage: Sendable {
    package let log = InMemoryLog()
    private let ids = RandomIDs()
    /// The record that was sent last about each key, while everything is delivered again.
    private let late = Locked<[String: NewRecord]?>(nil)

    /// - Parameter services: those that get a topic for their state.
    package init(services: String..., partitions: Int = 2) async throws {
        let topics = Topic.allCases.map {
            TopicConfiguration(name: $0.rawValue, partitions: partitions, cleanup: .delete(after: nil))
        }
        let states = services.map {
            TopicConfiguration(name: Topic.state(of: $0), partitions: partitions, cleanup: .compact)
        }
        try await log.create(topics + states)
    }

    /// Runs a service while `body` runs, then ends it in peace. Called again it is the service started anew over the same log.
    package func running<S: Subject, Result>(
        _ subject: S, time: any TimeSource = SystemTime(), failPoints: FailPoints = .none,
        _ body: () async throws -> Result
    ) async throws -> Result {
        var settings = ServiceLoop<S>.Settings()
        settings.backoff = Backoff(first: .milliseconds(1), most: .milliseconds(5))
        settings.lazyCommit = .milliseconds(5)
        let loop = ServiceLoop(
            subject: subject, log: log,
            node: ServiceNode(service: "bai-\(subject.name)", host: "here", processID: 1), time: time,
            failPoints: failPoints, output: StructuredLog(service: subject.name, write: { _ in }),
            settings: settings)
        let task = Task { try await loop.run() }
        do {
            let result = try await body()
            task.cancel()
            try await task.value
            return result
        } catch {
            task.cancel()
            throw error
        }
    }

    /// Publishes an event about `run` as somebody else would.
    ///
    /// - Parameter key: where the run is not what the topic goes by.
    package func send(_ payload: some EventPayload, to run: String, key: String? = nil) async throws {
        let event = try Event.sample(payload, run: run, messageID: ids.next())
        try await send(event, on: type(of: payload).topic, key: key ?? run)
    }

    /// From now on whatever is sent is there twice, and once more after the next event about its key: as with publishers that do not know whether
    /// they were heard.
    package func deliverEverythingAgain() { late.withLock { $0 = [:] } }

    /// Publishes an event as it is.
    package func send(_ event: Event, on topic: Topic, key: String) async throws {
        let record = NewRecord(
            topic: topic.rawValue, key: key, headers: ["type": event.type],
            value: try JSONCoding.encode(event))
        let again = late.withLock { late -> [NewRecord] in
            guard late != nil else { return [] }
            let before = late?.updateValue(record, forKey: key)
            return [record] + [before].compactMap { $0 }
        }
        _ = try await log.publish([record] + again)
    }

    /// Every event on a topic, in order within a run.
    package func events(on topic: Topic) async throws -> [Event] {
        try decode(await records(on: topic))
    }

    /// Every payload of one type about `run`, in order.
    package func payloads<Payload: EventPayload>(
        _ type: Payload.Type, of run: String
    ) async throws -> [Payload] {
        // Tests ask this again and again while they wait: what is of no interest is not decoded.
        let records = try await records(on: type.topic).filter {
            $0.key == run && $0.headers["type"] == type.type
        }
        return try decode(records).map { try $0.payload(as: type) }
    }

    private func decode(_ records: [LogRecord]) throws -> [Event] {
        try records.compactMap { record in
            try record.value.map { try JSONCoding.decode(Event.self, from: $0) }
        }
    }

    private func records(on topic: Topic) async throws -> [LogRecord] {
        var records: [LogRecord] = []
        for partition in 0..<(try await log.topics().first?.partitions ?? 0) {
            records += try await log.read(
                TopicPartition(topic: topic.rawValue, partition: partition), from: 0,
                limit: ReadLimit(records: .max, bytes: .max))
        }
        return records
    }

    /// The statuses of `run` with their attempts, in order: `QUEUED 1`. Repetitions (another position, another reason) are left out.
    package func statuses(of run: String) async throws -> [String] {
        var words: [String] = []
        for change in try await payloads(StatusChanged.self, of: run) {
            let word = "\(change.status.rawValue) \(change.attempt)"
            if words.last != word { words.append(word) }
        }
        return words
    }
}
