import Descriptors
import Events
import JSON
import Runtime
import Testing

@testable import KubernetesObjects

/// What holds for the pods of every attempt, and what settings change.
@Suite struct PodRuleTests {
    private func render(
        _ name: String, _ change: (inout KubernetesSettings) -> Void = { _ in }
    ) throws -> RenderedAttempt {
        var settings = Cases.settings(for: name)
        change(&settings)
        return try AttemptRenderer(settings).render(Cases.request(name))
    }

    @Test(arguments: Cases.all)
    func anAttemptIsNeverMadeTwice(name: String) throws {
        let attempt = try render(name)
        for pod in attempt.pods { #expect(pod.restartPolicy == "Never") }
        for job in attempt.jobs {
            #expect(job.spec.backoffLimit == 0)
            #expect(job.spec.podReplacementPolicy == .failed)
            #expect(job.spec.podFailurePolicy == .neverReplace)
        }
        if let job = attempt.mpiJob {
            #expect(job.spec.runPolicy.backoffLimit == 0)
            #expect(job.spec.mpiReplicaSpecs.launcher.restartPolicy == "Never")
        }
    }

    @Test(arguments: Cases.all)
    func everyPodEndsByItself(name: String) throws {
        let run = Cases.request(name).run.descriptor.run
        for pod in try render(name).pods {
            let deadline = try #require(pod.activeDeadlineSeconds)
            #expect(Double(deadline) >= (run.timeout.duration + run.readyTimeout.duration).inSeconds)
            #expect(
                Double(pod.terminationGracePeriodSeconds)
                    >= (run.gracePeriod.duration + run.collectTimeout.duration).inSeconds)
        }
        for job in try render(name).jobs {
            let pod = try #require(job.spec.template.spec.activeDeadlineSeconds)
            #expect(job.spec.activeDeadlineSeconds > pod)
            #expect(job.spec.ttlSecondsAfterFinished == 86_400)
        }
    }

    @Test(arguments: Cases.all)
    func podsAreGuaranteedUnlessToldOtherwise(name: String) throws {
        for container in try render(name).pods.flatMap(\.all) {
            #expect(container.resources.requests == container.resources.limits, "\(container.name)")
            for resource in ["cpu", "memory"] { #expect(container.resources.limits?[resource] != nil) }
        }
        for container in try render(name, { $0.isGuaranteed = false }).pods.flatMap(\.all) {
            #expect(container.resources.limits?["cpu"] == nil)
            #expect(container.resources.requests?["cpu"] != nil)
        }
    }

    @Test func aLimitOfTheDescriptorHoldsOnEveryInstallation() throws {
        var settings = Cases.settings
        settings.isGuaranteed = false
        let request = Cases.request { $0.run.limits.memory = .mebibytes(300) }
        let pod = try AttemptRenderer(settings).render(request).pods[0]
        #expect(pod.benchmark.resources.limits == ["memory": "300Mi"])
    }

    @Test(arguments: ["single-node", "distributed", "image-command", "mpi", "inference"])
    func podsMeetTheRestrictedStandard(name: String) throws {
        for pod in try render(name).pods {
            #expect(pod.securityContext?.seccompProfile?.type == "RuntimeDefault")
            for container in pod.all {
                let context = try #require(container.securityContext)
                #expect(context.allowPrivilegeEscalation == false)
                #expect(context.runAsNonRoot == true)
                #expect(context.runAsUser == 1000)
                #expect(context.capabilities?.drop == ["ALL"])
                #expect(context.privileged == nil)
            }
        }
    }

    @Test func privilegedIsForTheBenchmarkAloneAndOnlyWhereAllowed() throws {
        let request = Cases.request { $0.env.privileged = true }
        let failure = #expect(throws: RenderFailure.self) {
            try AttemptRenderer(Cases.settings).render(request)
        }
        #expect(failure?.problems.map(\.key) == ["env.privileged"])
        var settings = Cases.settings
        settings.allowsPrivileged = true
        let pod = try AttemptRenderer(settings).render(request).pods[0]
        #expect(pod.benchmark.securityContext == SecurityContext(privileged: true))
        for container in pod.initContainers ?? [] { #expect(container.securityContext?.privileged == nil) }
    }

    @Test(arguments: Cases.all)
    func benchmarksSeeNeitherTheTokenNorTheClustersCredentials(name: String) throws {
        for pod in try render(name).pods {
            #expect(!pod.automountServiceAccountToken)
            #expect(!pod.enableServiceLinks)
            #expect(!pod.benchmark.volumeMounts.contains { $0.name == "token" })
            for container in pod.initContainers ?? [] {
                #expect(container.volumeMounts.contains { $0.name == "token" && $0.readOnly == true })
            }
            let texts = pod.all.flatMap { container in
                container.env.compactMap(\.value) + (container.args ?? []) + (container.command ?? [])
            }
            #expect(!texts.contains { $0.contains("the-token") })
        }
    }

    @Test func theSidecarIsAnInitContainerFrom29On() throws {
        let new = try render("single-node").pods[0]
        #expect(new.initContainers?.map(\.name) == ["pull", "collect"])
        #expect(new.initContainers?.last?.restartPolicy == "Always")
        #expect(new.containers.map(\.name) == ["benchmark"])
        let old = try render("single-node") { $0.version = .oldest }
        #expect(old.pods[0].initContainers?.map(\.name) == ["pull"])
        #expect(old.pods[0].containers.map(\.name) == ["benchmark", "collect"])
        #expect(old.pods[0].containers[1].restartPolicy == nil)
        #expect(old.jobs[0].spec.podReplacementPolicy == nil)
    }

    @Test func aBenchmarkHasANodeForItself() throws {
        for pod in try render("distributed").pods {
            let term = pod.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution.first
            #expect(term?.topologyKey == "kubernetes.io/hostname")
            #expect(term?.labelSelector.matchLabels == ["benchmark-ai/occupies": "node"])
        }
        let labels = try render("distributed").jobs[0].spec.template.metadata.labels
        #expect(labels?["benchmark-ai/occupies"] == "node")
        let shared = try render("distributed") { $0.isAlone = false }
        #expect(shared.pods[0].affinity == nil)
        #expect(shared.jobs[0].spec.template.metadata.labels?["benchmark-ai/occupies"] == nil)
    }

    @Test func nodesAreSelectedByInstanceTypeAndZone() throws {
        let request = Cases.request { $0.hardware.availabilityZone = "eu-central-1a" }
        var settings = Cases.settings
        #expect(
            try AttemptRenderer(settings).render(request).pods[0].nodeSelector == [
                "node.kubernetes.io/instance-type": "c5.large",
                "topology.kubernetes.io/zone": "eu-central-1a",
            ])
        settings.selectsInstanceType = false
        settings.selectsZone = false
        #expect(try AttemptRenderer(settings).render(request).pods[0].nodeSelector == nil)
        settings.selectsZone = true
        let byID = Cases.request { $0.hardware.awsZoneID = "euc1-az2" }
        #expect(
            try AttemptRenderer(settings).render(byID).pods[0].nodeSelector == [
                "topology.k8s.aws/zone-id": "euc1-az2"
            ])
    }

    @Test func gpusAreLimitsAndNoneAreNotWritten() throws {
        let some = Cases.request { $0.hardware.instanceType = "p3.8xlarge" }
        let pod = try AttemptRenderer(Cases.settings).render(some).pods[0]
        #expect(pod.benchmark.resources.limits?["nvidia.com/gpu"] == "4")
        for container in pod.initContainers ?? [] {
            #expect(container.resources.limits?["nvidia.com/gpu"] == nil)
        }
        let none = try render("single-node").pods[0].benchmark.resources.limits
        #expect(none?.keys.sorted() == ["cpu", "memory"])
    }

    @Test func sharedMemoryIsAsMuchAsTheContainersMemory() throws {
        let pod = try AttemptRenderer(Cases.settings).render(
            Cases.request { $0.hardware.memory = .gibibytes(8) }
        ).pods[0]
        #expect(
            pod.volumes.first { $0.name == "shm" }?.emptyDir
                == Volume.EmptyDirectory(medium: "Memory", sizeLimit: "8Gi"))
        #expect(pod.benchmark.volumeMounts.contains { $0.mountPath == "/dev/shm" })
        let without = try AttemptRenderer(Cases.settings).render(
            Cases.request { $0.env.extendedShm = false }
        ).pods[0]
        #expect(!without.volumes.contains { $0.name == "shm" })
    }

    @Test func kueueStartsWhatIsInAQueue() throws {
        for name in ["single-node", "distributed", "inference"] {
            for job in try render(name, { $0.queue = "benchmarks" }).jobs {
                #expect(job.metadata.labels?["kueue.x-k8s.io/queue-name"] == "benchmarks")
                #expect(job.spec.suspend == true)
            }
            for job in try render(name).jobs { #expect(job.spec.suspend == nil) }
        }
        let job = try render("mpi") { $0.queue = "benchmarks" }.mpiJob
        #expect(job?.spec.runPolicy.suspend == true)
        #expect(job?.metadata.labels?["kueue.x-k8s.io/queue-name"] == "benchmarks")
    }

    /// The API server may not be filled by runs: what is stored of one, and how often it is written.
    @Test func anAttemptIsFewSmallObjects() throws {
        let objects = try render("single-node").objects
        #expect(objects.count == 2)
        let bytes = try objects.reduce(0) { $0 + (try JSONCoding.encode($1).count) }
        #expect(bytes < 8 * 1024, "\(bytes) bytes")
    }

    @Test func anObjectKnowsWhatItWasMadeFrom() throws {
        func digest(_ request: AttemptRequest) throws -> Set<String?> {
            Set(
                try AttemptRenderer(Cases.settings).render(request).objects.map {
                    $0.metadata.annotations?[AttemptLabels.Key.digest]
                })
        }
        var other = Cases.request()
        other.token = "another"
        #expect(try digest(Cases.request()).count == 1)
        #expect(try digest(other) == digest(Cases.request()), "a token may be issued anew")
        #expect(try digest(Cases.request(attempt: 2)) != digest(Cases.request()))
        #expect(try digest(Cases.request { $0.env.vars = ["A": "1"] }) != digest(Cases.request()))
    }
}
