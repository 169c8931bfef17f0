import Descriptors
import Events
import HTTPMessages
import JSON
import JobRunner
import KubernetesObjects
import KubernetesStandIn
import Runtime
import TestSupport
import Testing

@testable import KubernetesRunner

/// Records that pods print, because they cannot reach the API.
@Suite struct PodRecordsTests {
    private let published = Collected<DeliveredRecords.Record>()

    private func lab() throws -> ClusterLab {
        let published = published
        let supplies = KubernetesRunner.Supplies(publish: { _, records in
            for record in records { published.add(record) }
        })
        return try ClusterLab(supplies: supplies, { _ in ClusterLab.running }) { $0.delivery = .log }
    }

    private func print(_ numbers: ClosedRange<Int64>, on lab: ClusterLab, pod: String) throws {
        for number in numbers {
            let line = LogLine(
                sequence: number, time: Timestamp(milliseconds: 1_700_000_000_000), stream: .stdout,
                text: "line \(number)")
            let event = try Event.sample(
                LogBatch(attempt: 1, lines: [line]), run: lab.run, messageID: "logs/\(number)")
            lab.cluster.print(
                "bai-record \(try JSONCoding.text(event))", pod: pod, in: ClusterLab.namespace,
                container: "collect")
            lab.cluster.print("not a record", pod: pod, in: ClusterLab.namespace, container: "collect")
        }
    }

    private var numbers: [Int64] {
        get throws {
            try published.values.flatMap { try $0.event.payload(as: LogBatch.self).lines.map(\.sequence) }
        }
    }

    @Test func everyRecordIsPublishedBeforeTheEndIsTold() async throws {
        let lab = try lab()
        let reference = try await lab.executor.start(lab.job(), in: nil)
        let end = Task { try await lab.end(of: reference) }
        #expect(await lab.untilRunning())
        let pod = try #require(lab.pods.first)
        try print(1...3, on: lab, pod: pod)
        #expect(try await eventually { try numbers == [1, 2, 3] })
        // The stream breaks; the lines of its last second come again, and are known.
        lab.cluster.breakStreams()
        try print(4...5, on: lab, pod: pod)
        lab.cluster.step(
            .end(container: "benchmark", exitCode: 0, reason: "Completed"), pod: pod,
            in: ClusterLab.namespace)
        // The pod has ended, but its log is not read to its end.
        #expect(try await eventually { try numbers == [1, 2, 3, 4, 5] })
        try print(6...6, on: lab, pod: pod)
        lab.cluster.endLog(pod: pod, in: ClusterLab.namespace, container: "collect")
        #expect(try await end.value.status == .succeeded)
        #expect(try numbers == [1, 2, 3, 4, 5, 6])
        #expect(published.values.allSatisfy { $0.topic == .logs })
    }

    @Test func anotherWatcherReadsWhatOneBeforeItDidNot() async throws {
        let lab = try lab()
        let reference = try await lab.executor.start(lab.job(), in: nil)
        #expect(await lab.untilRunning())
        let pod = try #require(lab.pods.first)
        try print(1...4, on: lab, pod: pod)
        lab.cluster.step(
            .end(container: "benchmark", exitCode: 0, reason: "Completed"), pod: pod,
            in: ClusterLab.namespace)
        lab.cluster.endLog(pod: pod, in: ClusterLab.namespace, container: "collect")
        #expect(try await lab.end(of: reference, by: lab.another()).status == .succeeded)
        #expect(try Set(numbers) == [1, 2, 3, 4])
    }

    @Test func wherePodsDeliverByThemselvesNothingIsRead() async throws {
        let lab = try ClusterLab()
        _ = try await lab.outcome(of: lab.job())
        #expect(!lab.cluster.requests.contains { $0.hasSuffix("/log") })
    }
}
