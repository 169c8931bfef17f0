import Descriptors
import Events
import ExecutorService
import HTTPMessages
import JSON
import JobRunner
import KubernetesObjects
import KubernetesStandIn
import Runtime
import ServiceLoop
import TestSupport
import Testing
import WatcherService

@testable import KubernetesRunner

/// Executor and watcher over a log and a cluster; the tests play fetcher and metrics pusher.
@Suite struct ServicesTests {
    private let stage: ServiceStage

    init() async throws { stage = try await ServiceStage(services: "executor", "watcher") }

    /// Runs both services, each with a runner of its own, while `body` runs.
    private func serving(_ lab: ClusterLab, _ body: () async throws -> Void) async throws {
        let executor = Executor(
            runner: lab.another(.executor), slots: ClusterSlots(), capacity: 2, time: HastyTime(),
            output: StructuredLog(service: "test", write: { _ in }), locate: { _ in [:] })
        try await stage.running(executor) {
            try await stage.running(Watcher(runner: lab.another(.watcher)), body)
        }
    }

    private func submit(_ job: JobSpecification, repeats: Int = 1, on lab: ClusterLab) async throws {
        var run = job.run
        run.descriptor.run.repeats = repeats
        run.submitted = SystemTime().now
        try await stage.send(run, to: lab.run)
        try await stage.send(RunFetched(run: run, contents: []), to: lab.run)
    }

    private func waitFor(_ status: String, on lab: ClusterLab) async throws {
        let isThere = try await eventually { try await stage.statuses(of: lab.run).contains(status) }
        let statuses = try await stage.statuses(of: lab.run)
        #expect(isThere, "never \(status), only \(statuses)")
    }

    private func collect(_ attempt: Int, on lab: ClusterLab) async throws {
        try await waitFor("COLLECTING \(attempt)", on: lab)
        try await stage.send(RunCollected(metricCount: 1, logCount: 1, resultCount: 1), to: lab.run)
    }

    @Test func aRunGoesFromItsDataToItsEndAndLeavesNothing() async throws {
        let lab = try ClusterLab()
        try await serving(lab) {
            try await submit(lab.job(), repeats: 2, on: lab)
            try await collect(2, on: lab)
            try await waitFor("SUCCEEDED 2", on: lab)
            #expect(await eventually { lab.leftovers == [] })
        }
        let jobs = try await stage.payloads(JobCreated.self, of: lab.run)
        #expect(jobs.map(\.runner) == ["kubernetes", "kubernetes"])
        let ends = try await stage.payloads(AttemptFinished.self, of: lab.run)
        #expect(ends.map(\.outcome.status) == [.succeeded, .succeeded])
        #expect(lab.writes.filter { $0.hasPrefix("POST") && $0.hasSuffix("jobs") }.count == 2)
    }

    @Test func servicesThatAreStartedAnewMakeNoAttemptTwiceAndNoEndTwice() async throws {
        let lab = try ClusterLab { _ in ClusterLab.running }
        try await serving(lab) {
            try await submit(lab.job(), on: lab)
            try await waitFor("RUNNING 1", on: lab)
            #expect(await lab.untilRunning())
        }
        // Nobody looks while it ends, and the server forgets.
        let pod = try #require(lab.pods.first)
        lab.cluster.step(
            .end(container: "benchmark", exitCode: 0, reason: "Completed"), pod: pod, in: ClusterLab.namespace
        )
        lab.cluster.compact()
        try await serving(lab) { try await waitFor("COLLECTING 1", on: lab) }
        try await serving(lab) {
            try await collect(1, on: lab)
            try await waitFor("SUCCEEDED 1", on: lab)
            #expect(await eventually { lab.leftovers == [] })
        }
        #expect(try await stage.payloads(AttemptFinished.self, of: lab.run).count == 1)
        #expect(lab.writes.filter { $0.hasPrefix("POST") && $0.hasSuffix("jobs") }.count == 1)
    }

    @Test func aCanceledRunEndsWithItsPods() async throws {
        let lab = try ClusterLab { _ in ClusterLab.running }
        try await serving(lab) {
            try await submit(lab.job(), on: lab)
            try await waitFor("RUNNING 1", on: lab)
            try await stage.send(Command(kind: .cancel), to: lab.run)
            let hasEnded = try await eventually {
                lab.stopPods()
                return try await stage.statuses(of: lab.run).contains("COLLECTING 1")
            }
            #expect(hasEnded)
            try await collect(1, on: lab)
            try await waitFor("CANCELED 1", on: lab)
            #expect(await eventually { lab.leftovers == [] })
        }
    }

    @Test func whatTheClusterRefusesIsAnErrorWithItsCauses() async throws {
        let lab = try ClusterLab()
        var job = lab.inference()
        job.run.descriptor.server?.env.ports = [99_999]
        try await serving(lab) {
            try await submit(job, on: lab)
            try await collect(1, on: lab)
            try await waitFor("ERROR 1", on: lab)
            #expect(await eventually { lab.leftovers == [] }, "half of it was made")
        }
        let end = try #require(try await stage.payloads(AttemptFinished.self, of: lab.run).first)
        #expect(end.outcome.failure == .benchmark)
        #expect(end.outcome.message.contains("must be between 1 and 65535"))
    }

    @Test func aLostNodeIsTriedAgainWhereTheDescriptorSaysSo() async throws {
        let lab = try ClusterLab { pod in
            let isFirst = pod["metadata"]?["labels"]?["benchmark-ai/attempt"] == "1"
            return isFirst ? ClusterLab.running + [.loseNode] : ClusterLab.success
        }
        var job = lab.job()
        job.run.descriptor.run.retries = 1
        try await serving(lab) {
            try await submit(job, on: lab)
            try await collect(2, on: lab)
            try await waitFor("SUCCEEDED 2", on: lab)
        }
        let ends = try await stage.payloads(AttemptFinished.self, of: lab.run)
        #expect(ends.map(\.outcome.reason) == [.nodeLost, .completed])
    }

    @Test func aNewDescriptorsRunWaitsWhereTheClusterIsFull() async throws {
        let lab = try ClusterLab()
        try lab.cluster.store(
            "resourcequotas",
            [
                "metadata": ["name": "few", "namespace": .string(ClusterLab.namespace)],
                "spec": ["hard": ["count/jobs.batch": "0"]],
            ])
        try await serving(lab) {
            try await submit(lab.job(), on: lab)
            let isTold = try await eventually {
                try await stage.payloads(StatusChanged.self, of: lab.run).last?.reason == .quotaExceeded
            }
            #expect(isTold)
            lab.cluster.remove("resourcequotas", ClusterLab.namespace, "few")
            try await waitFor("COLLECTING 1", on: lab)
        }
    }
}
