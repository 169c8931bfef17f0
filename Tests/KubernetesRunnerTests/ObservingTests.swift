import Descriptors
import Events
import HTTPMessages
import JSON
import JobRunner
import Kubernetes
import KubernetesStandIn
import Runtime
import TestSupport
import Testing

@testable import KubernetesRunner

/// What the watcher sees of attempts on the stand-in, whatever happens on the way.
@Suite struct ObservingTests {
    private func isRunning(_ observation: JobObservation) -> Bool {
        if case .running = observation { true } else { false }
    }

    private static func word(_ observation: JobObservation) -> String {
        switch observation {
        case .pending(let reason, _): "pending \(reason.rawValue)"
        case .running: "running"
        case .finished(let outcome): "\(outcome.status.rawValue) \(outcome.reason.rawValue)"
        }
    }

    @Test func anAttemptIsSeenFromItsStartToItsEnd() async throws {
        let lab = try ClusterLab { _ in [.cannotSchedule("0/3 nodes are available")] }
        let reference = try await lab.executor.start(lab.job(), in: nil)
        let words = Collected<String>()
        let observing = Task {
            for await observation in lab.watcher.observe(reference) { words.add(Self.word(observation)) }
        }
        #expect(await eventually { words.values.last == "pending Unschedulable" })
        let pod = try #require(lab.pods.first)
        for step in ClusterLab.running { lab.cluster.step(step, pod: pod, in: ClusterLab.namespace) }
        #expect(await eventually { words.values.last == "running" })
        lab.cluster.step(
            .end(container: "benchmark", exitCode: 0, reason: "Completed"), pod: pod, in: ClusterLab.namespace
        )
        await observing.value
        let told = words.values.filter { $0 != "pending Starting" }
        #expect(told == ["pending Unschedulable", "running", "SUCCEEDED Completed"])
    }

    @Test func hundredsOfObserversMakeOneWatch() async throws {
        let lab = try ClusterLab { _ in [] }
        let streams = (1...300).map { lab.watcher.observe("\(lab.run)/\($0)") }
        _ = try await lab.executor.start(lab.job(), in: nil)
        var first = streams[0].makeAsyncIterator()
        _ = await first.next()
        let requests = lab.cluster.requests.filter { $0.hasPrefix("GET") && $0.hasSuffix("/jobs") }
        #expect(requests.count == 2, "a list, and a watch")
        withExtendedLifetime(streams) {}
    }

    @Test(
        arguments: [
            ("evicted", [.evict("The node was low on resource: memory.")], "ERROR Evicted"),
            (
                "out of memory", [.end(container: "benchmark", exitCode: 137, reason: "OOMKilled")],
                "FAILED OOMKilled"
            ),
            (
                "failed", [.end(container: "benchmark", exitCode: 3, reason: "Error", message: "oops")],
                "FAILED ExitCode"
            ),
            ("lost", [.loseNode], "ERROR NodeLost"),
        ] as [(String, [PodStep], String)])
    func whatHappensToAPodBecomesAnEnd(what: String, steps: [PodStep], expected: String) async throws {
        let lab = try ClusterLab { _ in ClusterLab.running + steps }
        let outcome = try await lab.outcome(of: lab.job())
        #expect("\(outcome.status.rawValue) \(outcome.reason.rawValue)" == expected)
        #expect(outcome.failure == (expected.hasPrefix("ERROR") ? .infrastructure : .benchmark))
    }

    @Test func aPreemptedPodHasItsGraceFirst() async throws {
        let lab = try ClusterLab { _ in ClusterLab.running + [.preempt] }
        let reference = try await lab.executor.start(lab.job(), in: nil)
        async let end = lab.end(of: reference)
        let isLeaving = await eventually {
            lab.cluster.objects("pods", in: ClusterLab.namespace).first?["metadata"]?["deletionTimestamp"]
                != nil
        }
        #expect(isLeaving)
        #expect(await lab.untilObserved(nil, isRunning) != nil)
        lab.stopPods()
        let outcome = try await end
        #expect(outcome.reason == .preempted)
        #expect(outcome.failure == .infrastructure)
    }

    @Test func aQuotaThatKeepsPodsOutIsTold() async throws {
        let lab = try ClusterLab()
        try lab.cluster.store(
            "resourcequotas",
            [
                "metadata": ["name": "few", "namespace": .string(ClusterLab.namespace)],
                "spec": ["hard": ["pods": "0"]],
            ])
        let reference = try await lab.executor.start(lab.job(), in: nil)
        let told = await lab.untilObserved(reference) {
            if case .pending(.quotaExceeded, _) = $0 { true } else { false }
        }
        guard case .pending(_, let message) = told else { throw CancellationError() }
        #expect(message.contains("exceeded quota"))
    }

    @Test func anInitContainersLastWordIsTold() async throws {
        let lab = try ClusterLab { _ in
            [.schedule(node: "n"), .wait(container: "pull", reason: "ErrImagePull", message: "denied")]
        }
        _ = try await lab.executor.start(lab.job(), in: nil)
        let told = await lab.untilObserved {
            if case .pending(.imagePullFailed, _) = $0 { true } else { false }
        }
        #expect(told != nil)
    }

    @Test func aRankThatFailsEndsItsGroup() async throws {
        let lab = try ClusterLab(
            ClusterLab.byRole([
                "rank 1": ClusterLab.failure(message: "no route to host"), "rank": ClusterLab.running,
            ]))
        let reference = try await lab.executor.start(lab.group(3), in: nil)
        let areLeaving = await eventually {
            lab.cluster.objects("pods", in: ClusterLab.namespace)
                .filter { $0["metadata"]?["deletionTimestamp"] != nil }.count == 2
        }
        #expect(areLeaving)
        lab.stopPods()
        let outcome = try await lab.end(of: reference)
        #expect(outcome.status == .failed)
        #expect(outcome.message.hasPrefix("rank 1 failed first: ended with exit code 3"))
    }

    @Test func aServerThatCrashesEndsItsBenchmark() async throws {
        let lab = try ClusterLab(
            ClusterLab.byRole([
                "server": ClusterLab.running + [
                    .end(container: "inference-server", exitCode: 1, reason: "Error")
                ],
                "client": ClusterLab.running,
            ]))
        let outcome = try await lab.outcome(of: lab.inference())
        #expect(outcome.reason == .serverEnded)
        #expect(outcome.failure == .benchmark)
    }

    @Test func aRestartedWatcherSeesTheSameEnd() async throws {
        let lab = try ClusterLab()
        let first = try await lab.outcome(of: lab.job())
        let again = try await lab.end(of: lab.reference, by: lab.another())
        #expect(again == first)
    }

    @Test func anAttemptWhoseJobWasDeletedHasEnded() async throws {
        let lab = try ClusterLab { _ in ClusterLab.running }
        let reference = try await lab.executor.start(lab.job(), in: nil)
        async let end = lab.end(of: reference)
        #expect(await lab.untilObserved(nil, isRunning) != nil)
        _ = try await lab.executor.resources(ClusterKind.job).delete(lab.base)
        #expect(
            await eventually {
                lab.stopPods(); return lab.pods == []
            })
        let outcome = try await end
        #expect(outcome.reason == .deleted)
        #expect(outcome.failure == .infrastructure)
    }

    @Test func aJobThatWentWhileNobodyWatchedIsProvenGone() async throws {
        let lab = try ClusterLab { _ in [] }
        let reference = try await lab.executor.start(lab.job(), in: nil)
        try await lab.executor.clear(reference)
        #expect(await eventually { lab.leftovers == [] })
        #expect(try await lab.end(of: reference).reason == .deleted)
        #expect(
            lab.cluster.requests.contains { $0.hasSuffix("jobs/\(lab.base)") }, "the server itself was asked")
    }

    @Test func whoSeesNothingSaysWhy() async throws {
        let lab = try ClusterLab { _ in [] }
        lab.cluster.remove("roles", ClusterLab.namespace, "bai-watcher")
        let told = await lab.untilObserved { if case .pending(.accessDenied, _) = $0 { true } else { false } }
        guard case .pending(_, let message) = told else { throw CancellationError() }
        #expect(message.contains("cannot list resource"))
    }

    @Test func anInvalidImageNameIsNoReasonToWait() async throws {
        let lab = try ClusterLab { _ in
            [
                .schedule(node: "n"),
                .wait(container: "benchmark", reason: "InvalidImageName", message: "couldn't parse"),
            ]
        }
        let outcome = try await lab.outcome(of: lab.job())
        #expect(outcome.status == .error)
        #expect(outcome.failure == .benchmark)
    }
}

/// The API server as it is on bad days; each attempt still ends once, as it ended.
@Suite struct FaultTests {
    /// Starts attempts, lets `trouble` happen while they go on, and expects all to be seen to end well.
    private func expectAllSeen(
        _ count: Int = 5, _ trouble: (ClusterLab) async throws -> Void
    ) async throws {
        let lab = try ClusterLab { _ in ClusterLab.running }
        let references = (1...count).map { lab.executor.reference(run: lab.run, attempt: $0) }
        let outcomes = Collected<String>()
        for number in 1...count { _ = try await lab.executor.start(lab.job(number), in: nil) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reference in references {
                group.addTask {
                    for await observation in lab.watcher.observe(reference) {
                        if case .finished(let outcome) = observation {
                            outcomes.add("\(reference) \(outcome.status.rawValue)")
                        }
                    }
                }
            }
            let areRunning = await eventually {
                let pods = lab.cluster.objects("pods", in: ClusterLab.namespace)
                return pods.filter { $0["status"]?["phase"] == "Running" }.count == count
            }
            #expect(areRunning)
            try await trouble(lab)
            for pod in lab.pods {
                lab.cluster.step(
                    .end(container: "benchmark", exitCode: 0, reason: "Completed"), pod: pod,
                    in: ClusterLab.namespace)
            }
            try await group.waitForAll()
        }
        #expect(outcomes.values.sorted() == references.map { "\($0) SUCCEEDED" }.sorted())
    }

    @Test func restartsOfTheServer() async throws {
        try await expectAllSeen { lab in for _ in 1...3 { try await lab.cluster.restart() } }
    }

    @Test func watchesThatBreakAndRepeatAndLagBehind() async throws {
        try await expectAllSeen { lab in
            lab.cluster.repeatEvents(20)
            for _ in 1...3 {
                lab.cluster.breakStreams()
                let before = lab.cluster.requests.count
                #expect(await eventually { lab.cluster.requests.count > before })
            }
        }
    }

    @Test func aServerThatForgetsThePast() async throws {
        try await expectAllSeen { lab in
            lab.cluster.inject(
                Fault(.refuse(status: 503, retryAfter: nil), method: .get, path: "pods", times: 2))
            lab.cluster.breakStreams()
            lab.cluster.compact()
        }
    }

    @Test func aListWhoseRestExpires() async throws {
        try await expectAllSeen { lab in
            // 410 for a watch, and then for lists.
            lab.cluster.inject(
                Fault(.refuse(status: 410, retryAfter: nil), method: .get, path: "pods", times: 3))
            lab.cluster.breakStreams()
        }
    }

    @Test func aServerThatIsSlow() async throws {
        try await expectAllSeen { lab in
            lab.cluster.inject(Fault(.delay(.milliseconds(300)), path: "jobs", times: 4))
            lab.cluster.inject(Fault(.refuse(status: 429, retryAfter: 0), path: "pods", times: 2))
            lab.cluster.breakStreams()
        }
    }

    @Test func aServerThatSaysNothing() async throws {
        try await expectAllSeen { lab in
            lab.cluster.inject(Fault(.hang, method: .get, path: "pods"))
            lab.cluster.breakStreams()
        }
    }

    @Test(arguments: [Duration.seconds(-86_400), .seconds(86_400)])
    func aClockThatIsADayOffIsNoReasonForAnotherEnd(skew: Duration) async throws {
        let lab = try ClusterLab()
        _ = try await lab.executor.start(lab.job(), in: nil)
        let skewed = lab.another(time: ManualTime(SystemTime().now + skew))
        let outcome = try await lab.end(of: lab.reference, by: skewed)
        #expect(outcome.status == .succeeded)
        #expect(outcome.finished <= skewed.time.now)
    }
}
