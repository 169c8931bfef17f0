import Descriptors
import Events
import JSON
import JobRunner
import KubernetesObjects
import Runtime
import Testing

@testable import KubernetesRunner

/// What follows from what is seen of an attempt, case by case.
@Suite struct AttemptViewTests {
    private static let now = Timestamp(milliseconds: 1_798_000_000_000)

    private static func summary(_ view: AttemptView) -> String {
        switch view.observation(now: now) {
        case nil: "unknown"
        case .pending(let reason, let message): "pending \(reason.rawValue): \(message)"
        case .running(let since): "running since \(since.milliseconds % 60_000 / 1000)"
        case .finished(let outcome):
            "\(outcome.status.rawValue) \(outcome.reason.rawValue) \(outcome.failure.map { "\($0)" } ?? "-")"
                + " \(outcome.exitCode.map { "\($0)" } ?? "-"): \(outcome.message)"
        }
    }

    /// What one pod of an attempt of one pod shows, and what is told of the attempt.
    private static let ofOnePod: [(PodView, String)] = [
        (Seen.pod(node: nil), "pending Starting: its pod is being set up"),
        (
            Seen.pod(
                node: nil,
                conditions: [
                    Seen.condition(
                        "PodScheduled", "False", "Unschedulable",
                        "0/3 nodes are available: 3 Insufficient cpu.")
                ]), "pending Unschedulable: 0/3 nodes are available: 3 Insufficient cpu."
        ),
        (Seen.pod(initial: [Seen.running("pull")]), "pending Starting: its data is being fetched"),
        (
            Seen.pod(
                .client, initial: [Seen.ended("pull", 0), Seen.running("collect"), Seen.running("await")]),
            "pending Starting: it waits for the server to be ready"
        ),
        (
            Seen.pod(initial: [Seen.waiting("pull", "ErrImagePull", "pull access denied")]),
            "pending ErrImagePull: bai-r-1-single-0, container pull: pull access denied"
        ),
        (
            Seen.pod(containers: [
                Seen.waiting("benchmark", "ImagePullBackOff", "Back-off pulling image \"x\"")
            ]),
            "pending ImagePullBackOff: bai-r-1-single-0, container benchmark: Back-off pulling image \"x\""
        ),
        (
            Seen.pod(containers: [Seen.waiting("benchmark", "ContainerCreating")]),
            "pending Starting: its pod is being set up"
        ),
        (
            Seen.pod(containers: [Seen.waiting("benchmark", "InvalidImageName", "couldn't parse image name")]
            ),
            "ERROR InvalidImageName benchmark -: bai-r-1-single-0, container benchmark: couldn't parse image name"
        ),
        (
            Seen.pod(containers: [
                Seen.waiting("benchmark", "ErrImageNeverPull", "not present with pull policy of Never")
            ]),
            "ERROR ErrImageNeverPull benchmark -: bai-r-1-single-0, container benchmark: not present with pull policy of Never"
        ),
        (
            Seen.pod(initial: [Seen.waiting("pull", "ErrImageNeverPull", "not present")]),
            "ERROR ErrImageNeverPull infrastructure -: bai-r-1-single-0, container pull: not present"
        ),
        (
            Seen.pod(containers: [
                Seen.waiting("benchmark", "CreateContainerConfigError", "image will run as root")
            ]),
            "ERROR CreateContainerConfigError benchmark -: bai-r-1-single-0, container benchmark: image will run as root"
        ),
        (Seen.pod(phase: "Running", containers: [Seen.running()]), "running since 5"),
        // The benchmark has ended, the sidecar still delivers.
        (Seen.pod(phase: "Running", containers: [Seen.ended(0, reason: "Completed")]), "running since 5"),
        (
            Seen.pod(phase: "Succeeded", containers: [Seen.ended(0, reason: "Completed")]),
            "SUCCEEDED Completed - 0: completed"
        ),
        // The sidecar's end means nothing.
        (
            Seen.pod(
                phase: "Failed", containers: [Seen.ended(0, reason: "Completed"), Seen.ended("collect", 1)]),
            "SUCCEEDED Completed - 0: completed"
        ),
        (
            Seen.pod(phase: "Failed", containers: [Seen.ended(3, message: "first\nno disk left\n")]),
            "FAILED ExitCode benchmark 3: ended with exit code 3; the last line of its log: no disk left"
        ),
        (
            Seen.pod(phase: "Failed", containers: [Seen.ended(139)]),
            "FAILED Signaled benchmark 139: ended by signal 11"
        ),
        (
            Seen.pod(phase: "Failed", containers: [Seen.ended(137, reason: "OOMKilled")]),
            "FAILED OOMKilled benchmark 137: it used more memory than hardware.memory allows"
        ),
        (
            Seen.pod(
                phase: "Failed",
                containers: [Seen.ended(128, reason: "StartError", message: "exec: \"nope\": not found")]),
            "ERROR CommandNotFound benchmark 128: its command cannot be started: exec: \"nope\": not found"
        ),
        (
            Seen.pod(phase: "Failed", initial: [Seen.ended("pull", 75, message: "x\nconnection refused")]),
            "ERROR InitContainerFailed infrastructure 75: container pull ended with exit code 75: connection refused"
        ),
        (
            Seen.pod(phase: "Failed", initial: [Seen.ended("pull", 65)]),
            "ERROR InitContainerFailed benchmark 65: container pull ended with exit code 65"
        ),
        (
            Seen.pod(
                phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory.",
                containers: [Seen.ended(137)]),
            "ERROR Evicted infrastructure -: its node threw it out: The node was low on resource: memory."
        ),
        (
            Seen.pod(
                phase: "Failed",
                conditions: [
                    Seen.condition("DisruptionTarget", "True", "PreemptionByScheduler", "more important")
                ],
                containers: [Seen.ended(143)]),
            "ERROR Preempted infrastructure -: it had to make room: more important"
        ),
        (
            Seen.pod(
                phase: "Failed",
                conditions: [Seen.condition("DisruptionTarget", "True", "EvictionByEvictionAPI", "drained")],
                containers: [Seen.ended(143)]),
            "ERROR Evicted infrastructure -: its node threw it out: drained"
        ),
        // Its kubelet will never say that it has ended.
        (
            Seen.pod(
                phase: "Running", deleted: true,
                conditions: [
                    Seen.condition("Ready", "False", "NodeStatusUnknown"),
                    Seen.condition(
                        "DisruptionTarget", "True", "DeletionByTaintManager",
                        "deleting due to NoExecute taint"),
                ], containers: [Seen.running()]),
            "ERROR NodeLost infrastructure -: its node node-1 is lost: deleting due to NoExecute taint"
        ),
        // It may come back.
        (
            Seen.pod(
                phase: "Running", conditions: [Seen.condition("Ready", "Unknown", "NodeStatusUnknown")],
                containers: [Seen.running()]), "running since 5"
        ),
        (
            Seen.pod(
                phase: "Failed", reason: "DeadlineExceeded",
                message: "Pod was active on the node longer than the specified deadline",
                containers: [Seen.ended(137)]),
            "TIMED_OUT DeadlineExceeded benchmark -: its pod ran longer than the cluster lets it: Pod was active on the node longer than the specified deadline"
        ),
        (
            Seen.pod(phase: "Failed", reason: "OutOfcpu", message: "Node didn't have enough resource: cpu"),
            "ERROR OutOfcpu infrastructure -: Node didn't have enough resource: cpu"
        ),
    ]

    @Test func eachStateOfAPodHasItsMeaning() {
        for (pod, expected) in Self.ofOnePod {
            #expect(Self.summary(Seen.view(Seen.job(), pods: [pod])) == expected)
        }
    }

    @Test func withoutPodsTheJobSpeaks() {
        let quota =
            "pods \"x\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=9, limited: pods=9"
        let cases: [(AttemptView, String)] = [
            (Seen.view(), "unknown"),
            (Seen.view(Seen.job()), "pending Starting: its pods are being made"),
            (
                Seen.view(Seen.job(isSuspended: true)),
                "pending Suspended: it waits in its queue on the cluster"
            ),
            (
                Seen.view(Seen.job(), refusal: quota),
                "pending QuotaExceeded: its pods cannot be made: \(quota)"
            ),
            (
                Seen.view(Seen.job(), refusal: "violates PodSecurity"),
                "pending FailedCreate: its pods cannot be made: violates PodSecurity"
            ),
            (
                Seen.view(Seen.job(end: ("Failed", "DeadlineExceeded", "too long"))),
                "TIMED_OUT DeadlineExceeded infrastructure -: the cluster ended it at the last deadline: too long"
            ),
            (
                Seen.view(Seen.job(annotations: [StopMark.neverStarted: "QueueTimeout"])),
                "CANCELED QueueTimeout - -: stopped before it started"
            ),
            (
                Seen.view(Seen.job(isSuspended: true, annotations: [StopMark.stopped: "CanceledByUser"])),
                "CANCELED CanceledByUser - -: stopped before it ran"
            ),
            // The watch of pods lags behind that of Jobs: the server is asked first.
            (Seen.view(Seen.job(end: ("Failed", "BackoffLimitExceeded", "x"), counted: 1)), "unknown"),
            (
                Seen.view(Seen.job("bai-r-1", end: ("Succeeded", "", ""), kind: "MPIJob")),
                "SUCCEEDED Completed - 0: completed"
            ),
        ]
        for (view, expected) in cases { #expect(Self.summary(view) == expected) }
    }

    @Test func aJobThatIsProvenGoneHasEnded() {
        var view = AttemptView()
        view.isProvenAbsent = true
        #expect(
            Self.summary(view)
                == "ERROR Deleted infrastructure -: its Job is gone from the cluster, deleted before it had ended"
        )
        // Its pods may still be on their way out.
        view = Seen.view(
            Seen.job(), pods: [Seen.pod(phase: "Running", deleted: true, containers: [Seen.running()])])
        view.jobs["bai-r-1"]?.isGone = true
        #expect(Self.summary(view) == "running since 5")
        view.pods["bai-r-1-single-0"]?.isGone = true
        #expect(
            Self.summary(view)
                == "ERROR Deleted infrastructure -: its pod bai-r-1-single-0 is gone from the cluster, deleted before it had ended"
        )
    }

    @Test func theRankThatFailedFirstIsNamed() {
        let failed = Seen.pod(.rank, rank: 2, phase: "Failed", containers: [Seen.ended(3, at: 12)])
        // Those who were told to go because of it went in the same second.
        let victims = [0, 1].map {
            Seen.pod(.rank, rank: $0, phase: "Failed", deleted: true, containers: [Seen.ended(143, at: 12)])
        }
        let view = Seen.view(Seen.job(size: 3), pods: victims + [failed])
        #expect(
            Self.summary(view) == "FAILED ExitCode benchmark 3: rank 2 failed first: ended with exit code 3")
        // As long as one of them goes on, so does the attempt.
        let going = Seen.pod(.rank, rank: 0, phase: "Running", deleted: true, containers: [Seen.running()])
        #expect(
            Self.summary(Seen.view(Seen.job(size: 3), pods: [going, victims[1], failed])) == "running since 5"
        )
    }

    @Test func aGroupRunsWhenAllOfItDoes() {
        let one = Seen.pod(.rank, rank: 0, phase: "Running", containers: [Seen.running(since: 5)])
        let two = Seen.pod(.rank, rank: 1, phase: "Running", containers: [Seen.running(since: 8)])
        #expect(
            Self.summary(Seen.view(Seen.job(size: 2), pods: [one]))
                == "pending Starting: its pod is being set up")
        #expect(Self.summary(Seen.view(Seen.job(size: 2), pods: [one, two])) == "running since 8")
    }

    @Test func theClientsEndDecidesAndTheServersTooEarlyEndFails() {
        let client = Seen.pod(.client, phase: "Running", containers: [Seen.running()])
        let done = Seen.pod(.client, phase: "Succeeded", containers: [Seen.ended(0)])
        let serving = Seen.pod(.server, phase: "Running", containers: [Seen.running("inference-server")])
        let crashed = Seen.pod(
            .server, phase: "Failed", containers: [Seen.ended("inference-server", 1, message: "no model")])
        let left = Seen.pod(.server, phase: "Succeeded", containers: [Seen.ended("inference-server", 0)])
        let server = Seen.job("bai-r-1-server")
        let cases: [([PodView], String)] = [
            ([client, serving], "running since 5"),
            ([done, serving], "SUCCEEDED Completed - 0: completed"),
            ([done, crashed], "SUCCEEDED Completed - 0: completed"),
            (
                [client, crashed],
                "FAILED ServerEnded benchmark 1: the server ended before its client: ended with exit code 1; the last line of its log: no model"
            ),
            (
                [client, left],
                "FAILED ServerEnded benchmark -: the server ended before its client: with exit code 0"
            ),
        ]
        for (pods, expected) in cases {
            #expect(Self.summary(Seen.view(Seen.job(), server, pods: pods)) == expected)
        }
    }

    @Test func aStoppedAttemptIsCanceledHoweverItsPodsEnded() {
        let job = Seen.job(
            end: ("Failed", "DeadlineExceeded", "x"), annotations: [StopMark.stopped: "CanceledByUser"])
        let killed = Seen.pod(phase: "Failed", deleted: true, containers: [Seen.ended(143)])
        #expect(
            Self.summary(Seen.view(job, pods: [killed]))
                == "CANCELED CanceledByUser - 143: stopped while it ran")
        var gone = Seen.pod(phase: "Running", deleted: true, containers: [Seen.running()])
        gone.isGone = true
        #expect(
            Self.summary(Seen.view(job, pods: [gone])) == "CANCELED CanceledByUser - -: stopped while it ran")
        // It was done before anybody could stop it.
        let done = Seen.pod(phase: "Succeeded", containers: [Seen.ended(0)])
        #expect(Self.summary(Seen.view(job, pods: [done])) == "SUCCEEDED Completed - 0: completed")
        let late = Seen.job(
            end: ("Failed", "DeadlineExceeded", "x"), annotations: [StopMark.stopped: "TotalTimeout"])
        #expect(
            Self.summary(Seen.view(late, pods: [killed]))
                == "TIMED_OUT TotalTimeout benchmark 143: stopped while it ran")
    }

    @Test func theAgentKnowsBest() throws {
        let agents = AttemptOutcome(
            status: .timedOut, reason: .silenceTimeout, message: "it said nothing", failure: .benchmark,
            exitCode: 143, signal: 15, started: Timestamp(milliseconds: 1_767_225_605_250),
            finished: Timestamp(milliseconds: 1_767_225_609_750), cpuSeconds: 1.5, peakMemory: 100,
            metricCount: 7, logCount: 9, environment: ["kernel": "6.1"], disturbances: ["busy"])
        let pods = [0, 1].map {
            Seen.pod(
                .rank, rank: $0, phase: "Failed",
                containers: [Seen.ended(143, message: Seen.report(.wrap, agents), at: 10 + $0)])
        }
        guard
            case .finished(let outcome) = Seen.view(Seen.job(size: 2), pods: pods).observation(now: Self.now)
        else {
            throw CancellationError()
        }
        #expect(outcome.status == .timedOut)
        #expect(outcome.reason == .silenceTimeout)
        #expect(outcome.message == "rank 0 failed first: it said nothing")
        #expect(outcome.started?.milliseconds == 1_767_225_605_000)
        #expect(outcome.cpuSeconds == 3)
        #expect(outcome.peakMemory == 100)
        #expect(outcome.metricCount == 14)
        #expect(outcome.logCount == 18)
        #expect(
            outcome.environment == [
                "kernel": "6.1", "nodes": "node-1", "image": "docker.io/python@sha256:ab12",
            ])
        #expect(outcome.disturbances == ["rank 0: busy", "rank 1: busy"])
    }

    @Test func anInitContainersReportSaysWhoIsToBlame() {
        let agents = AttemptOutcome(
            status: .error, reason: .digestMismatch, message: "the digest is another one",
            failure: .benchmark,
            finished: Self.now)
        let pod = Seen.pod(
            phase: "Failed", initial: [Seen.ended("pull", 65, message: Seen.report(.pull, agents))])
        #expect(
            Self.summary(Seen.view(Seen.job(), pods: [pod]))
                == "ERROR DigestMismatch benchmark 65: the digest is another one")
    }
}
