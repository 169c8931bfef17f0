internal import Events
internal import JSON
internal import MessageLog
internal import Runs
internal import Runtime

/// What the log tells, sorted by run.
struct LogHistory {
    /// What the log tells of one run. Everything is in the log's order.
    struct Run {
        var submissions: [RunSubmitted] = []
        /// Folded from its statuses; nil while nothing was told.
        var machine: RunMachine?
        var jobs: [JobCreated] = []
        var finished: [AttemptFinished] = []
        var requests: [CollectionRequested] = []
        var collected: [RunCollected] = []
        var commands: [Command] = []
        var metrics: [MetricBatch] = []
        var results: [ResultComputed] = []

        /// How it ended; nil while it has not.
        var end: RunMachine? { machine.flatMap { $0.status.isFinal ? $0 : nil } }
        var submission: RunSubmitted? { submissions.first }
        var request: CollectionRequested? { requests.first }
        /// Whether a user has asked for its end.
        var isCanceled: Bool { !commands.isEmpty }
    }

    /// A message and where it stands.
    struct Message {
        var id: String
        var type: String
        var position: RecordPosition
    }

    private(set) var runs: [String: Run] = [:]
    /// The results and alarms of each series, in the log's order.
    private(set) var results: [String: [ResultComputed]] = [:]
    private(set) var alarms: [String: [Alarm]] = [:]
    private(set) var messages: [Message] = []
    private(set) var deadLetters: [DeadLetter] = []
    /// The records that cannot be read, each with the reason.
    private(set) var unreadable: [(position: RecordPosition, reason: String)] = []
    /// The newest value of each key of the state topics, by service.
    private(set) var states: [String: [String: JSONValue]] = [:]
    /// The offset after the last record of each partition.
    private(set) var ends: [TopicPartition: Int64] = [:]

    init(_ records: [LogRecord]) {
        for record in records {
            ends[record.position.partition] = max(ends[record.position.partition] ?? 0, record.offset + 1)
            do throws(JSONError) {
                try take(record)
            } catch {
                unreadable.append((record.position, error.description))
            }
        }
    }

    private mutating func take(_ record: LogRecord) throws(JSONError) {
        if let service = LogHistory.service(ofStateTopic: record.topic) {
            states[service, default: [:]][record.key] = try LogHistory.decode(record.value)
            return
        }
        guard let value = record.value else { return }
        let event = try JSONCoding.decode(Event.self, from: value)
        messages.append(Message(id: event.messageID, type: event.type, position: record.position))
        try take(event, key: record.key)
    }

    private mutating func take(_ event: Event, key: String) throws(JSONError) {
        let run = event.actionID
        switch event.type {
        case RunSubmitted.type: runs[run, default: Run()].submissions.append(try event.payload())
        case JobCreated.type: runs[run, default: Run()].jobs.append(try event.payload())
        case StatusChanged.type: try move(run, event)
        case AttemptFinished.type: runs[run, default: Run()].finished.append(try event.payload())
        case CollectionRequested.type: runs[run, default: Run()].requests.append(try event.payload())
        case RunCollected.type: runs[run, default: Run()].collected.append(try event.payload())
        case Command.type: runs[run, default: Run()].commands.append(try event.payload())
        case MetricBatch.type: runs[run, default: Run()].metrics.append(try event.payload())
        case ResultComputed.type: try take(result: event.payload())
        case AlarmChanged.type:
            let alarm = try event.payload(as: AlarmChanged.self).alarm
            alarms[alarm.series.id, default: []].append(alarm)
        case DeadLetter.type: deadLetters.append(try event.payload())
        default: break  // Nothing that an invariant is about.
        }
    }

    private mutating func take(result: ResultComputed) {
        runs[result.run, default: Run()].results.append(result)
        results[result.series.id, default: []].append(result)
    }

    private mutating func move(_ run: String, _ event: Event) throws(JSONError) {
        let change = try event.payload(as: StatusChanged.self)
        var machine = runs[run]?.machine ?? RunMachine(submitted: event.tstamp)
        machine.handle(change, at: event.tstamp)
        runs[run, default: Run()].machine = machine
    }

    private static func decode(_ value: [UInt8]?) throws(JSONError) -> JSONValue? {
        guard let value else { return nil }
        return try JSONCoding.decode(JSONValue.self, from: value)
    }

    private static func service(ofStateTopic topic: String) -> String? {
        let prefix = Topic.state(of: "")
        return topic.hasPrefix(prefix) ? String(topic.dropFirst(prefix.count)) : nil
    }
}

extension Event {
    fileprivate func payload<Payload: EventPayload>() throws(JSONError) -> Payload {
        try payload(as: Payload.self)
    }
}
