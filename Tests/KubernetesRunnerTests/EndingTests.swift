import Events
import HTTPMessages
import JSON
import JobRunner
import Kubernetes
import KubernetesObjects
import KubernetesStandIn
import Runtime
import TestSupport
import Testing

@testable import KubernetesRunner

/// Stopping attempts and removing what they had.
@Suite struct EndingTests {
    @Test func anAttemptStoppedBeforeItsStartNeverStarts() async throws {
        let lab = try ClusterLab()
        try await lab.executor.stop(lab.reference, grace: .seconds(1), reason: .queueTimeout)
        #expect(try await lab.executor.isKnown(lab.reference))
        #expect(try await lab.another(.executor).start(lab.job(), in: nil) == lab.reference)
        let outcome = try await lab.end(of: lab.reference)
        #expect(outcome.status == .canceled)
        #expect(outcome.reason == .queueTimeout)
        #expect(lab.pods == [])
        #expect(
            await eventually { lab.names("secrets") == [] }, "what was made before the mark was found is gone"
        )
    }

    /// Whoever is killed anywhere between starting and stopping, in whatever order: a stopped attempt has no pods.
    @Test(arguments: [0, 1, 2, 3])
    func aStopBetweenAnyTwoStepsOfAStartKeepsItFromStarting(steps: Int) async throws {
        let lab = try ClusterLab { _ in [] }
        // The start is held after so many objects; the stop comes; the start goes on.
        let client = lab.cluster
        let held = Task { () throws -> String in
            if steps > 0 { client.inject(Fault(.delay(.milliseconds(1)), method: .post, times: steps)) }
            client.inject(Fault(.refuse(status: 403, retryAfter: nil), method: .post))
            _ = try? await lab.executor.start(lab.inference(), in: nil)
            return ""
        }
        _ = try await held.value
        try await lab.another(.executor).stop(lab.reference, grace: .seconds(1), reason: .canceledByUser)
        _ = try await lab.executor.start(lab.inference(), in: nil)
        #expect(try await lab.end(of: lab.reference).reason == .canceledByUser)
        #expect(await eventually { lab.names("jobs") == [lab.base] && lab.pods == [] })
        let mark = try #require(lab.cluster.object("jobs", ClusterLab.namespace, lab.base))
        #expect(mark["spec"]?["parallelism"] == 0)
    }

    @Test func theMarkOfAnAttemptThatNeverStartsEndsByItself() async throws {
        let lab = try ClusterLab(settings: { $0.keepsFinished = TimeSpan(.seconds(1)) })
        try await lab.executor.stop(lab.reference, grace: .seconds(1), reason: .canceledByUser)
        #expect(lab.names("jobs") == [lab.base])
        #expect(await eventually { lab.names("jobs") == [] })
    }

    @Test func whatRunsIsGivenItsGraceAndIsCanceled() async throws {
        let lab = try ClusterLab { _ in ClusterLab.running }
        let reference = try await lab.executor.start(lab.job(), in: nil)
        #expect(await lab.untilObserved { if case .running = $0 { true } else { false } } != nil)
        try await lab.executor.stop(reference, grace: .seconds(10), reason: .canceledByUser)
        try await lab.executor.stop(reference, grace: .seconds(10), reason: .canceledByUser)
        #expect(lab.writes.filter { $0.hasPrefix("PATCH") }.count == 1, "asked again, it has been done")
        let isAsked = await eventually {
            lab.cluster.objects("pods", in: ClusterLab.namespace).first?["metadata"]?["deletionTimestamp"]
                != nil
        }
        #expect(isAsked)
        lab.stopPods()
        let outcome = try await lab.end(of: reference)
        #expect(outcome.status == .canceled)
        #expect(outcome.reason == .canceledByUser)
        #expect(outcome.failure == nil)
        #expect(outcome.message == "stopped while it ran")
    }

    @Test func withoutGraceItsPodsAreKilled() async throws {
        let lab = try ClusterLab { _ in ClusterLab.running }
        let reference = try await lab.executor.start(lab.job(), in: nil)
        #expect(await eventually { lab.pods.count == 1 })
        try await lab.executor.stop(reference, grace: .zero, reason: .canceledByUser)
        let pod = lab.cluster.objects("pods", in: ClusterLab.namespace).first
        #expect(pod == nil || pod?["metadata"]?["deletionGracePeriodSeconds"] == 1)
    }

    @Test func whatHasEndedIsNotStoppedAnyMore() async throws {
        let lab = try ClusterLab()
        let reference = try await lab.executor.start(lab.job(), in: nil)
        #expect(try await lab.end(of: reference).status == .succeeded)
        let isDone = await eventually {
            lab.cluster.object("jobs", ClusterLab.namespace, lab.base)?["status"]?["completionTime"] != nil
        }
        #expect(isDone)
        try await lab.executor.stop(reference, grace: .seconds(1), reason: .canceledByUser)
        #expect(try await lab.end(of: reference).status == .succeeded)
    }

    @Test func whoWatchesNothingHearsOfTheEndToo() async throws {
        let lab = try ClusterLab { _ in ClusterLab.running }
        let reference = try await lab.executor.start(lab.job(), in: nil)
        #expect(await eventually { lab.pods.count == 1 })
        try await lab.executor.stop(reference, grace: .seconds(1), reason: .canceledByUser)
        async let end: Void = lab.executor.untilEnded(reference)
        #expect(
            await eventually {
                lab.stopPods(); return lab.pods == []
            })
        await end
        #expect(!lab.cluster.requests.contains { $0.contains("watch") })
    }

    @Test func clearingEndsTheServerOfAnInferenceBenchmark() async throws {
        let lab = try ClusterLab(
            ClusterLab.byRole(["server": ClusterLab.running, "client": ClusterLab.success]))
        let reference = try await lab.executor.start(lab.inference(), in: nil)
        #expect(try await lab.end(of: reference).status == .succeeded)
        #expect(await eventually { lab.names("jobs").count == 2 })
        try await lab.executor.clear(reference)
        #expect(
            await eventually {
                lab.stopPods(); return lab.leftovers == []
            })
        #expect(lab.writes.count == 5, "\(lab.writes)")
    }

    @Test func removingARunLeavesNothingOfItsAttempts() async throws {
        let lab = try ClusterLab()
        for attempt in 1...2 { _ = try await lab.end(of: lab.executor.start(lab.job(attempt), in: nil)) }
        try await lab.executor.stop(
            lab.executor.reference(run: lab.run, attempt: 3), grace: .zero, reason: .canceledByUser)
        let areDone = await eventually {
            lab.cluster.objects("jobs", in: ClusterLab.namespace).allSatisfy {
                $0["status"]?["conditions"] != nil
            }
        }
        #expect(areDone)
        try await lab.executor.remove(run: lab.run)
        #expect(await eventually { lab.leftovers == [] })
        try await lab.executor.remove(run: "never-ran")
    }

    @Test func whatStillRunsIsNotRemoved() async throws {
        let lab = try ClusterLab { _ in ClusterLab.running }
        _ = try await lab.executor.start(lab.job(), in: nil)
        await #expect(throws: JobRunnerError.self) { try await lab.executor.remove(run: lab.run) }
        #expect(lab.names("jobs") == [lab.base])
    }

    @Test func aFinalizerThatNobodyTakesOffHoldsUpNobody() async throws {
        let lab = try ClusterLab()
        let reference = try await lab.executor.start(lab.job(), in: nil)
        lab.cluster.update("secrets", ClusterLab.namespace, lab.base) {
            $0["metadata"]?["finalizers"] = ["example.com/stuck"]
        }
        #expect(try await lab.end(of: reference).status == .succeeded)
        try await lab.executor.clear(reference)
        try await lab.executor.clear(reference)
        #expect(lab.names("secrets") == [lab.base])
        lab.cluster.update("secrets", ClusterLab.namespace, lab.base) { $0["metadata"]?["finalizers"] = nil }
    }

    @Test func aSweepFindsWhatIsThereOfThisInstallationAlone() async throws {
        let lab = try ClusterLab({ _ in [] }) { $0.installation = "here" }
        _ = try await lab.executor.start(lab.job(), in: nil)
        #expect(try await lab.executor.sweep() == [AttemptReference(run: lab.run, number: 1)])
        let elsewhere = lab.another(.executor) { $0.installation = "there" }
        #expect(try await elsewhere.sweep() == [])
        // Nobody remembers its run after so long; but it may still run.
        let later = lab.another(.executor, time: ManualTime(SystemTime().now + .seconds(9 * 86_400)))
        #expect(try await later.sweep().count == 1)
        lab.cluster.remove("jobs", ClusterLab.namespace, lab.base)
        #expect(try await later.sweep() == [])
        #expect(await eventually { lab.leftovers == [] })
    }
}
