import Descriptors
import Events
import JSON
import Runtime
import Testing

@testable import KubernetesObjects

/// What each strategy makes of a descriptor.
@Suite struct StrategyTests {
    private func render(
        _ request: AttemptRequest, _ settings: KubernetesSettings = Cases.settings
    ) throws -> RenderedAttempt {
        try AttemptRenderer(settings).render(request)
    }

    private func order(_ attempt: RenderedAttempt, _ role: PodRole) throws -> PodOrder {
        let text = try #require(attempt.secret?.stringData["\(role.rawValue).json"])
        return try JSONCoding.decode(PodOrder.self, from: Array(text.utf8))
    }

    // MARK: - One container

    @Test func theCommandRunsUnderTheAgent() throws {
        let container = try render(Cases.request()).pods[0].benchmark
        #expect(container.command?.suffix(2) == ["wrap", "--"])
        #expect(container.command?.first == PodPath.loader)
        #expect(container.args == ["python3", "hello.py", "--rounds", "3"])
    }

    @Test func anImagesOwnCommandIsLeftAloneAndItsLogIsRead() throws {
        let attempt = try render(Cases.request { $0.ml = nil })
        #expect(attempt.pods[0].benchmark.command == nil)
        #expect(attempt.pods[0].benchmark.args == nil)
        let annotations = attempt.jobs[0].spec.template.metadata.annotations
        #expect(annotations?["benchmark-ai/output"] == "container-log")
        #expect(try !order(attempt, .single).isWrapped)
        let wrapped = try render(Cases.request())
        #expect(wrapped.jobs[0].spec.template.metadata.annotations == nil)
        #expect(try order(wrapped, .single).isWrapped)
    }

    @Test func argumentsAloneGoToTheImagesOwnCommand() throws {
        let container = try render(Cases.request { $0.ml = .init(args: "--a 'b c'") }).pods[0].benchmark
        #expect(container.command == nil)
        #expect(container.args == ["--a", "b c"])
    }

    @Test func dataIsWhereTheDescriptorWantsIt() throws {
        let attempt = try render(Cases.request(contents: [Cases.dataset, Cases.script]))
        let container = attempt.pods[0].benchmark
        #expect(
            container.volumeMounts.contains(
                VolumeMount(name: "bai", mountPath: "/data/train", subPath: "data/0")))
        #expect(container.variable("BAI_DATA_TRAIN") == "/data/train")
        #expect(container.variable("BAI_SCRIPTS_PATH") == "/bai/scripts")
        #expect(container.workingDir == "/bai/scripts")
        let places = try order(attempt, .single).contents.map(\.place)
        #expect(places == ["data/0", "scripts/train.py"])
    }

    @Test func theEnvironmentIsBenchmarkAIs() throws {
        let container = try render(Cases.request { $0.env.vars = ["BENCHMARK_AI": "stdout"] }).pods[0]
            .benchmark
        #expect(container.variable("BENCHMARK_AI") == "stdout")
        #expect(container.variable("BENCHMARK_AI_FIFO_FILEPATH") == "/tmp/benchmark-ai/fifo")
        #expect(container.variable("BENCHMARK_AI_FIFO_MAX_WAIT_TIME") == "60")
        #expect(container.volumeMounts.contains { $0.mountPath == "/tmp/benchmark-ai" })
    }

    @Test func recordsGoToTheAPIOrToTheLog() throws {
        #expect(try order(render(Cases.request()), .single).server == Cases.settings.server)
        var settings = Cases.settings
        settings.delivery = .log
        let printed = try order(render(Cases.request(), settings), .single)
        #expect(printed.delivery == .log)
        #expect(printed.server == nil)
    }

    @Test func theOrderHoldsNoSecret() throws {
        let attempt = try render(Cases.request(contents: [Cases.dataset]))
        #expect(attempt.secret?.stringData["token"] == "the-token")
        #expect(attempt.secret?.stringData["single.json"]?.contains("the-token") == false)
        var request = Cases.request()
        request.token = nil
        let without = try render(request)
        #expect(without.secret?.stringData.keys.sorted() == ["single.json"])
        #expect(!without.pods[0].volumes.contains { $0.name == "token" })
    }

    // MARK: - Several machines

    @Test func ranksFindEachOther() throws {
        let attempt = try render(Cases.request("distributed"))
        let job = try #require(attempt.jobs.first)
        #expect(job.spec.completionMode == .indexed)
        #expect(job.spec.completions == 3 && job.spec.parallelism == 3)
        let service = try #require(attempt.services.first)
        #expect(service.spec.clusterIP == "None")
        #expect(service.spec.publishNotReadyAddresses == true)
        #expect(attempt.pods[0].subdomain == service.metadata.name)
        let container = attempt.pods[0].benchmark
        let leader = "\(job.metadata.name)-0.\(service.metadata.name).benchmark-ai.svc"
        #expect(container.variable("MASTER_ADDR") == leader)
        #expect(container.variable("WORLD_SIZE") == "3")
        let index = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
        #expect(container.env.contains(.field("RANK", index)))
        let hosts = attempt.secret?.stringData["hostfile"]?.split(separator: "\n")
        #expect(hosts?.count == 3)
        #expect(hosts?.first == "\(leader) slots=1")
        let barrier = try #require(try order(attempt, .rank).barrier)
        #expect(barrier.members == 3 && barrier.leader == leader)
        #expect(barrier.timeout == .minutes(10))
    }

    @Test func theSelectorOfAServiceFindsItsPodsAndNoOthers() throws {
        for name in ["distributed", "inference"] {
            let attempt = try render(Cases.request(name))
            let selector = try #require(attempt.services.first?.spec.selector)
            let matching = attempt.jobs.filter { job in
                selector.allSatisfy { job.spec.template.metadata.labels?[$0.key] == $0.value }
            }
            #expect(matching.count == 1)
        }
    }

    @Test func processesOfOnePodGetTheirRanksFromTheAgent() throws {
        let attempt = try render(
            Cases.request {
                $0.hardware.strategy = .horovod
                $0.hardware.instanceType = "p3.8xlarge"
                $0.hardware.distributed.processesPerInstance = .gpus
            })
        let container = attempt.pods[0].benchmark
        #expect(try order(attempt, .rank).processes == 4)
        #expect(container.variable("WORLD_SIZE") == "8")
        #expect(container.variable("LOCAL_WORLD_SIZE") == "4")
        #expect(!container.env.contains { $0.name == "RANK" || $0.name == "LOCAL_RANK" })
        #expect(attempt.secret?.stringData["hostfile"]?.contains(" slots=4\n") == true)
    }

    @Test func anImagesOwnCommandStartsItsProcessesItself() throws {
        let attempt = try render(
            Cases.request {
                $0 = Cases.request("image-command").run.descriptor
                $0.hardware.distributed.processesPerInstance = .count(4)
            })
        let container = attempt.pods[0].benchmark
        #expect(try order(attempt, .rank).processes == 1)
        #expect(container.args == ["horovodrun", "-np", "2", "python", "train.py"])
        #expect(container.variable("WORLD_SIZE") == "12")
        #expect(!container.env.contains { $0.name == "RANK" })
        #expect(attempt.secret?.stringData["hostfile"]?.contains(" slots=4\n") == true)
    }

    @Test func whoStartsTheCommandHoldsTheBarrierElseAContainerDoes() throws {
        let wrapped = try render(Cases.request("distributed")).pods[0]
        #expect(wrapped.initContainers?.map(\.name) == ["pull", "collect"])
        let own = try render(Cases.request("image-command")).pods[0]
        #expect(own.initContainers?.map(\.name) == ["pull", "collect", "barrier"])
    }

    @Test func mpiStartsItsRanksFromALauncher() throws {
        let attempt = try render(
            Cases.request(contents: [Cases.dataset, Cases.script]) {
                $0 = Cases.request("mpi").run.descriptor
                $0.hardware.distributed.processesPerInstance = .count(2)
            })
        let spec = try #require(attempt.mpiJob?.spec)
        #expect(attempt.jobs.isEmpty && attempt.services.isEmpty)
        #expect(spec.slotsPerWorker == 2)
        #expect(spec.launcherCreationPolicy == "WaitForWorkersReady")
        #expect(spec.mpiReplicaSpecs.worker.replicas == 3)
        let launcher = spec.mpiReplicaSpecs.launcher.template.spec
        let worker = spec.mpiReplicaSpecs.worker.template.spec
        #expect(launcher.benchmark.args == ["mpirun", "python3", "train.py"])
        #expect(worker.benchmark.command?.first == "/usr/sbin/sshd")
        #expect(!launcher.benchmark.volumeMounts.contains { $0.mountPath == "/data/train" })
        #expect(worker.benchmark.volumeMounts.contains { $0.mountPath == "/data/train" })
        #expect(launcher.nodeSelector?["node.kubernetes.io/instance-type"] == nil)
        #expect(worker.nodeSelector?["node.kubernetes.io/instance-type"] == "c5.large")
        #expect(try order(attempt, .worker).contents.count == 2)
        #expect(attempt.judged == [.launcher])
    }

    // MARK: - Client and server

    @Test func theClientWaitsForTheServer() throws {
        let attempt = try render(Cases.request("inference"))
        #expect(attempt.objects.map(\.kind) == ["Secret", "Service", "Job", "Job"])
        #expect(attempt.objects.last?.metadata.name == attempt.decisive)
        let server = attempt.pods[0]
        let client = attempt.pods[1]
        #expect(client.initContainers?.map(\.name) == ["pull", "collect", "await"])
        let awaited = try #require(try order(attempt, .client).awaited)
        #expect(awaited.host == "\(attempt.decisive)-server.benchmark-ai.svc")
        #expect(awaited.port == 8080 && awaited.path == "ping")
        #expect(client.benchmark.variable("INFERENCE_SERVER_HOST") == awaited.host)
        #expect(client.benchmark.variable("INFERENCE_SERVER_PORT") == "8080")
        #expect(client.benchmark.variable("INFERENCE_SERVER_PORT_1") == "8081")
        #expect(server.benchmark.name == "inference-server")
        #expect(server.benchmark.readinessProbe?.httpGet?.path == "/ping")
        #expect(server.benchmark.variable("BAI_MODEL_0") == "/models/ranking")
        #expect(server.benchmark.resources.limits?["nvidia.com/gpu"] == "1")
        #expect(server.benchmark.resources.limits?["memory"] == "16Gi")
    }

    @Test func theServersMetricsAreTheServers() throws {
        let attempt = try render(Cases.request("inference"))
        #expect(try order(attempt, .server).metrics.map(\.name) == ["gpu"])
        #expect(try order(attempt, .client).metrics.isEmpty)
    }

    @Test func clientAndServerAreInOneZone() throws {
        let free = try render(Cases.request("inference")).pods
        let term = free[1].affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution.first
        #expect(term?.topologyKey == "topology.kubernetes.io/zone")
        #expect(term?.labelSelector.matchLabels?["benchmark-ai/role"] == "server")
        #expect(free[0].affinity?.podAffinity == nil)
        let request = Cases.request(contents: [Cases.model]) {
            $0 = Cases.request("inference").run.descriptor
            $0.hardware.availabilityZone = "eu-central-1a"
            $0.server?.hardware.availabilityZone = "eu-central-1b"
        }
        for pod in try render(request).pods {
            #expect(pod.nodeSelector?["topology.kubernetes.io/zone"] == "eu-central-1a")
            #expect(pod.affinity?.podAffinity == nil)
        }
    }

    @Test func aServerWithoutAProbeIsReadyWhenItListens() throws {
        let request = Cases.request(contents: [Cases.model]) {
            $0 = Cases.request("inference").run.descriptor
            $0.server?.env.readinessProbe = nil
        }
        let attempt = try render(request)
        #expect(attempt.pods[0].benchmark.readinessProbe?.tcpSocket?.port == 8080)
        #expect(try order(attempt, .client).awaited?.path == nil)
    }

    @Test func theProbesPortIsReachableToo() throws {
        let request = Cases.request(contents: [Cases.model]) {
            $0 = Cases.request("inference").run.descriptor
            $0.server?.env.readinessProbe?.port = 9000
        }
        let attempt = try render(request)
        #expect(attempt.services[0].spec.ports?.map(\.port) == [8080, 8081, 9000])
        #expect(try order(attempt, .client).awaited?.port == 9000)
    }
}
