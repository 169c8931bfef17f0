import API
import BFFClient
import Descriptors
import Events
import HTTPMessages
import HTTPServer
import JSON
import MessageLog
import MetricStore
import ObjectStore
import Runtime
import ServiceLoop
import TestSupport
import Testing

@testable import BFFService

/// A BFF over a log in memory, asked through its routes without a socket.
final class Fixture: Sendable {
    let log: any MessageLog
    let store: SQLiteMetricStore
    let folder: TemporaryFolder
    let service: BFFService
    let lines = Locked<[String]>([])

    static let partitions = 4
    static let topics = Topic.allCases.map {
        TopicConfiguration(name: $0.rawValue, partitions: partitions, cleanup: .delete(after: nil))
    }

    /// - Parameter log: one that another fixture has filled; nil makes an empty one.
    init(
        log: (any MessageLog)? = nil, folder: TemporaryFolder? = nil, objects: FolderStore? = nil,
        time: any TimeSource = SystemTime()
    ) async throws {
        self.folder = try folder ?? TemporaryFolder()
        self.log = log ?? InMemoryLog()
        try await self.log.create(Fixture.topics)
        store = try SQLiteMetricStore(path: self.folder.file("store.db"))
        let lines = lines
        service = BFFService(
            log: self.log, store: store, model: ReadModelFile(path: self.folder.file("read-model.db")),
            objects: objects,
            node: ServiceNode(service: "bai-bff", host: "test", processID: 1), time: time,
            output: StructuredLog(service: "bai-bff") { line in lines.withLock { $0.append(line) } })
        try await service.open()
    }

    var client: BFFClient { BFFClient(transport: RouterTransport(router: service.router)) }

    /// The client of a BFF that runs while `body` does.
    static func run<Result: Sendable>(
        log: (any MessageLog)? = nil, folder: TemporaryFolder? = nil,
        _ body: @escaping @Sendable (Fixture) async throws -> Result
    ) async throws -> Result {
        let fixture = try await Fixture(log: log, folder: folder)
        return try await fixture.running { try await body(fixture) }
    }

    func running<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            let service = service
            group.addTask {
                try await service.run()
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    // Requests.

    /// The answer of the routes, as it would go to the wire.
    func ask(
        _ method: HTTPMethod, _ target: String, headers: HTTPHeaders = [:], body: String = "",
        peer: ServerRequest.Peer = .process(id: 1, user: 0)
    ) async throws -> (status: Int, body: JSONValue) {
        let request = try #require(
            ServerRequest(method, target, headers: headers, body: Array(body.utf8), peer: peer))
        let response = await service.router.answer(request)
        let bytes = try await response.gathered()
        return (response.status, try bytes.isEmpty ? .null : JSONCoding.decode(JSONValue.self, from: bytes))
    }

    // What other services say.

    @discardableResult
    func publish(
        _ payload: some EventPayload, about run: String, key: String? = nil, at time: Timestamp? = nil
    ) async throws -> RecordPosition {
        let time = time ?? SystemTime().now
        let origin = Event(
            messageID: "", actionID: run, clientID: "test", clientVersion: "1", clientUsername: "ann",
            tstamp: time, type: "", payload: .object([:]))
        let event = try origin.following(
            payload, messageID: RandomIDs().next(), at: time,
            by: Event.Visit(svc: "test", tstamp: time, version: "1"))
        let record = NewRecord(
            topic: type(of: payload).topic.rawValue, key: key ?? run, headers: ["type": event.type],
            value: try JSONCoding.encode(event))
        return try await log.publish([record])[0]
    }

    func move(
        _ run: String, to status: RunStatus, attempt: Int = 0, reason: Reason? = nil, position: Int? = nil,
        at time: Timestamp? = nil
    ) async throws {
        try await publish(
            StatusChanged(
                status: status, reason: reason, message: "is \(status.rawValue)", attempt: attempt,
                position: position, name: "hello"),
            about: run, at: time)
    }

    /// Submits a descriptor and gives the ids of its runs.
    @discardableResult
    func submit(
        _ descriptor: String = Samples.descriptor(), key: String? = nil, client: String = "test",
        username: String = "ann"
    ) async throws -> [String] {
        try await self.client.submit(
            Samples.request(descriptor, client: client, username: username), idempotencyKey: key
        ).runs.map(\.id)
    }

    /// Waits until the read model has everything that is on the log.
    func settle() async throws {
        let progress = service.progress
        var ends: [TopicPartition: Int64] = [:]
        for partition in progress.positions.keys {
            ends[partition] = try await log.range(of: partition).upperBound
        }
        let isSettled = await progress.wait(for: ends, within: .seconds(20))
        #expect(isSettled, "the read model did not catch up")
    }

    /// How many records a topic has.
    func count(_ topic: Topic) async throws -> Int64 {
        var count: Int64 = 0
        for number in 0..<Fixture.partitions {
            count += try await log.range(of: TopicPartition(topic: topic.rawValue, partition: number))
                .upperBound
        }
        return count
    }
}

/// Things that tests submit and publish.
enum Samples {
    static func descriptor(name: String = "hello", labels: [String: String] = [:], more: String = "")
        -> String
    {
        let labels = labels.sorted { $0.key < $1.key }.map { "\($0.key) = \"\($0.value)\"" }
        return """
            spec_version = "0.1.0"
            [info]
            description = "A greeting that is measured"
            task_name = "\(name)"
            [info.labels]
            \(labels.joined(separator: "\n"))
            [hardware]
            instance_type = "c5.large"
            [env]
            docker_image = "example/hello:1"
            [ml]
            benchmark_code = "echo hello"
            \(more)
            """
    }

    static func request(
        _ descriptor: String = descriptor(), client: String = "test", username: String = "ann"
    ) -> SubmitRequest {
        SubmitRequest(
            descriptor: descriptor, filename: "hello.toml", directory: "/home/ann/hello",
            client: SubmitRequest.Client(id: client, version: "1", username: username))
    }

    static func series(_ id: String = "00000000000000aa", metric: String = "latency") -> SeriesKey {
        SeriesKey(
            id: id, benchmark: "hello", metric: metric, unit: "ms", fingerprint: "f", labels: ["team": "shop"]
        )
    }

    static func result(
        _ run: String, series: SeriesKey = series(), median: Double = 12.5,
        finished: Int64 = 1_700_000_000_000
    ) -> ResultComputed {
        ResultComputed(
            run: run, series: series, direction: .lower, samples: [median, median + 1], median: median,
            mean: median, interval: ConfidenceInterval(low: median - 1, high: median + 1), minimum: median,
            maximum: median + 1, pointCount: 2, isValid: true, problems: [],
            finished: Timestamp(milliseconds: finished),
            rules: [Descriptor.Alarm(metric: "latency", above: 10)],
            labels: ["team": "shop"])
    }

    static func alarm(
        _ run: String, id: String = "alarm-1", state: Alarm.State = .open, series: SeriesKey = series()
    ) -> Alarm {
        Alarm(
            id: id, series: series, rule: Descriptor.Alarm(metric: "latency", above: 10), state: state,
            message: "latency is 12.5 ms, above 10", run: run, value: 12.5,
            opened: Timestamp(milliseconds: 1_700_000_000_000),
            resolvedBy: state == .resolved ? run : nil,
            resolved: state == .resolved ? Timestamp(milliseconds: 1_700_000_001_000) : nil)
    }

    static func finished(_ number: Int, status: RunStatus = .succeeded) -> AttemptFinished {
        AttemptFinished(
            attempt: Attempt(number: number, repetition: number - 1, isWarmup: false),
            outcome: AttemptOutcome(
                status: status, reason: .completed, message: "ended", exitCode: 0,
                finished: Timestamp(milliseconds: 1_700_000_000_500), environment: ["cores": 2]))
    }

    static func letter(key: String, text: String = "{}") -> DeadLetter {
        DeadLetter(
            service: "fetcher", topic: "commands", partition: 0, offset: 7, key: key,
            headers: ["type": "command"],
            text: text, bytes: nil, reason: "cannot be read", tries: 1)
    }
}
