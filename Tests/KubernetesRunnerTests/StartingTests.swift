import Descriptors
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

/// Making an attempt's objects, once.
@Suite struct StartingTests {
    /// What `body` throws of the runner's.
    private func failure(_ body: () async throws -> Void) async -> JobRunnerError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? JobRunnerError
        }
    }

    @Test func theSecretIsMadeFirstAndOwnsTheRest() async throws {
        let lab = try ClusterLab { _ in [] }
        let reference = try await lab.executor.start(lab.inference(), in: nil)
        #expect(reference == lab.reference)
        #expect(lab.writes.map { $0.split(separator: "/").last } == ["secrets", "services", "jobs", "jobs"])
        let secret = try #require(lab.cluster.object("secrets", ClusterLab.namespace, lab.base))
        for (kind, name) in [
            ("services", "\(lab.base)-server"), ("jobs", "\(lab.base)-server"), ("jobs", lab.base),
        ] {
            let object = try #require(lab.cluster.object(kind, ClusterLab.namespace, name))
            let owners = object["metadata"]?["ownerReferences"]?.array ?? []
            #expect(owners.map { $0["uid"] } == [secret["metadata"]?["uid"]])
        }
    }

    @Test func anAttemptIsStartedOnceHoweverOftenItIsAsked() async throws {
        let lab = try ClusterLab { _ in [] }
        let job = lab.job()
        async let first = lab.executor.start(job, in: nil)
        async let second = lab.another(.executor).start(job, in: nil)
        #expect(try await first == second)
        _ = try await lab.executor.start(job, in: nil)
        #expect(lab.names("jobs") == [lab.base])
        #expect(await eventually { lab.pods.count == 1 })
        #expect(try await lab.executor.isKnown(lab.reference))
    }

    @Test(arguments: ["secrets", "jobs"])
    func aLostAnswerIsNoSecondObject(kind: String) async throws {
        let lab = try ClusterLab { _ in [] }
        lab.cluster.inject(Fault(.loseAnswer, method: .post, path: kind))
        _ = try await lab.executor.start(lab.job(), in: nil)
        #expect(lab.names("jobs") == [lab.base])
        #expect(lab.names("secrets") == [lab.base])
    }

    @Test func anAttemptThatWasHalfMadeIsCompleted() async throws {
        let lab = try ClusterLab { _ in [] }
        lab.cluster.inject(Fault(.refuse(status: 403, retryAfter: nil), method: .post, path: "jobs"))
        #expect(await failure { _ = try await lab.executor.start(lab.inference(), in: nil) } != nil)
        #expect(lab.names("jobs") == [])
        #expect(try await !lab.executor.isKnown(lab.reference), "it still has to be started")
        _ = try await lab.another(.executor).start(lab.inference(), in: nil)
        #expect(lab.names("jobs") == [lab.base, "\(lab.base)-server"])
        #expect(lab.names("secrets") == [lab.base])
    }

    @Test func anAttemptThatWasHalfMadeIsRemoved() async throws {
        let lab = try ClusterLab { _ in [] }
        // The server runs already; the client cannot be made.
        lab.cluster.inject(Fault(.delay(.milliseconds(1)), method: .post, path: "jobs"))
        lab.cluster.inject(Fault(.refuse(status: 403, retryAfter: nil), method: .post, path: "jobs"))
        #expect(await failure { _ = try await lab.executor.start(lab.inference(), in: nil) } != nil)
        #expect(lab.names("jobs") == ["\(lab.base)-server"])
        try await lab.executor.clear(lab.reference)
        #expect(await eventually { lab.leftovers == [] })
    }

    @Test func whatSomebodyElseMadeUnderTheNameIsNotTouched() async throws {
        let lab = try ClusterLab { _ in [] }
        try lab.cluster.store(
            "secrets",
            [
                "metadata": [
                    "name": .string(lab.base), "namespace": .string(ClusterLab.namespace),
                    "managedFields": [["manager": "helm", "operation": "Apply"]],
                ]
            ])
        let error = await failure { _ = try await lab.executor.start(lab.job(), in: nil) }
        #expect(error?.reason == .alreadyExists)
        #expect(error?.isTransient == false)
        #expect(error?.message.contains("of helm") == true, "\(error?.message ?? "")")
        try await lab.executor.clear(lab.reference)
        #expect(lab.names("secrets") == [lab.base])
        #expect(lab.names("jobs") == [])
    }

    @Test func anAttemptMadeFromAnotherDescriptorIsNotAdopted() async throws {
        let lab = try ClusterLab { _ in [] }
        _ = try await lab.executor.start(lab.job(), in: nil)
        let other = lab.job { $0.env.dockerImage = "other:1" }
        let error = await failure { _ = try await lab.executor.start(other, in: nil) }
        #expect(error?.reason == .alreadyExists)
        #expect(error?.message.contains("run \(lab.run), attempt 1") == true, "\(error?.message ?? "")")
    }

    @Test func anAttemptOfAnEarlierVersionIsAdoptedWhateverItsSettingsWere() async throws {
        let lab = try ClusterLab { _ in [] }
        _ = try await lab.executor.start(lab.job(), in: nil)
        let later = lab.another(.executor) {
            $0.agentImage = "benchmark-ai:next"
            $0.memory = .gibibytes(1)
        }
        _ = try await later.start(lab.job(), in: nil)
        #expect(lab.names("jobs") == [lab.base])
    }

    @Test func whatTheClusterRefusesIsToldWithItsCauses() async throws {
        let lab = try ClusterLab { _ in [] }
        // No rule of ours knows that a port must be below 65536.
        let job = lab.job {
            $0.hardware.strategy = .inference
            $0.server = .init(
                hardware: .init(instanceType: "c5.large"),
                env: .init(dockerImage: "example/server:12", ports: [99_999], startCommand: "serve"))
        }
        let error = await failure { _ = try await lab.executor.start(job, in: nil) }
        #expect(error?.reason == .invalid)
        #expect(error?.isTransient == false)
        #expect(error?.message.contains("must be between 1 and 65535") == true, "\(error?.message ?? "")")
    }

    @Test func whatTheInstallationRefusesNamesEveryProblem() async throws {
        let lab = try ClusterLab { _ in [] }
        let job = lab.job {
            $0.env.privileged = true
            $0.env.vars = ["1": "x"]
        }
        let error = await failure { _ = try await lab.executor.start(job, in: nil) }
        #expect(error?.reason == .unsupported)
        #expect(error?.message.contains("env.privileged") == true)
        #expect(error?.message.contains("env.vars") == true)
        #expect(lab.writes == [])
    }

    @Test func aQuotaIsWaitedFor() async throws {
        let lab = try ClusterLab { _ in [] }
        try lab.cluster.store(
            "resourcequotas",
            [
                "metadata": ["name": "few", "namespace": .string(ClusterLab.namespace)],
                "spec": ["hard": ["count/jobs.batch": "0"]],
            ])
        let error = await failure { _ = try await lab.executor.start(lab.job(), in: nil) }
        #expect(error?.reason == .quotaExceeded)
        #expect(error?.isTransient == true)
        #expect(error?.waits == true)
        lab.cluster.remove("resourcequotas", ClusterLab.namespace, "few")
        _ = try await lab.executor.start(lab.job(), in: nil)
        #expect(lab.names("jobs") == [lab.base])
    }

    @Test func aMissingRightIsNamed() async throws {
        let lab = try ClusterLab { _ in [] }
        let error = await failure { _ = try await lab.watcher.start(lab.job(), in: nil) }
        #expect(error?.reason == .accessDenied)
        #expect(error?.isTransient == false)
        #expect(
            error?.message.contains("cannot create resource \"secrets\"") == true, "\(error?.message ?? "")")
    }

    @Test func aServerThatIsAwayIsWaitedFor() async throws {
        let lab = try ClusterLab { _ in [] }
        try await lab.cluster.restart {
            let error = await failure { _ = try await lab.executor.start(lab.job(), in: nil) }
            #expect(error?.reason == .clusterUnavailable)
            #expect(error?.waits == true)
        }
        _ = try await lab.executor.start(lab.job(), in: nil)
        #expect(lab.names("jobs") == [lab.base])
    }

    @Test func secretsAreInTheAttemptsSecretAlone() async throws {
        let supplies = KubernetesRunner.Supplies { (_: String) throws(SecretError) in
            "s3cret"
        } token: {
            "token of \($0)"
        }
        let lab = try ClusterLab(supplies: supplies) { _ in [] }
        _ = try await lab.executor.start(lab.job { $0.env.vars = ["KEY": "${secret.key}"] }, in: nil)
        let job = try #require(lab.cluster.object("jobs", ClusterLab.namespace, lab.base))
        #expect(!"\(job)".contains("s3cret"))
        #expect(!"\(job)".contains("token of"))
        let secret = "\(lab.cluster.objects("secrets", in: ClusterLab.namespace))"
        #expect(!secret.isEmpty)
    }

    @Test func aMissingSecretIsNamed() async throws {
        let lab = try ClusterLab { _ in [] }
        let job = lab.job { $0.env.vars = ["KEY": "${secret.key}"] }
        let error = await failure { _ = try await lab.executor.start(job, in: nil) }
        #expect(error?.reason == .secretUnavailable)
        #expect(error?.message.contains("key") == true)
    }

    @Test func anMPIJobNeedsItsOperator() async throws {
        let lab = try ClusterLab { _ in [] }
        var job = lab.group(2)
        job.run.descriptor.hardware.distributed.launcher = .mpi
        let error = await failure { _ = try await lab.executor.start(job, in: nil) }
        #expect(error?.reason == .unsupported)
        #expect(error?.message.contains("kubeflow.org/v2beta1") == true)
        #expect(lab.writes == [])
    }

    @Test func anAttemptWhoseJobTheClusterHasRemovedSinceIsNotMadeAgain() async throws {
        let lab = try ClusterLab { _ in [] }
        _ = try await lab.executor.start(lab.job(), in: nil)
        lab.cluster.remove("jobs", ClusterLab.namespace, lab.base)
        #expect(
            try await !lab.executor.isKnown(lab.reference), "just made: somebody was killed before the Job")
        let later = lab.another(.executor, time: ManualTime(SystemTime().now + .seconds(2 * 86_400)))
        #expect(try await later.isKnown(lab.reference))
        _ = try await later.start(lab.job(), in: nil)
        #expect(lab.names("jobs") == [])
    }

    @Test(arguments: [3, 1])
    func aRunIsFewWritesAndFewBytes(kind: Int) async throws {
        let lab = try ClusterLab()
        let reference = try await lab.executor.start(kind == 1 ? lab.job() : lab.group(kind), in: nil)
        let objects = ["secrets", "services", "jobs"].flatMap {
            lab.cluster.objects($0, in: ClusterLab.namespace)
        }
        // What a server keeps of its own about each field is not ours to make smaller.
        let bytes = objects.map { object in
            var object = object
            object["metadata"]?["managedFields"] = nil
            return object.bytes.count
        }
        #expect(bytes.reduce(0, +) <= 10_240, "\(bytes)")
        #expect(try await lab.end(of: reference).status == .succeeded)
        try await lab.executor.clear(reference)
        #expect(await eventually { lab.leftovers == [] })
        #expect(lab.writes.count <= 6, "\(lab.writes)")
    }
}
