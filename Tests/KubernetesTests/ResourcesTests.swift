import JSON
import Kubernetes
import KubernetesStandIn
import TestSupport
import Testing

@Suite struct ResourcesTests {
    @Test func whatIsMadeCanBeRead() async throws {
        let fixture = try Fixture()
        let made = try await fixture.configMaps.create(ConfigMap("a", ["key": "value"]))
        let read = try await fixture.configMaps.get("a")
        #expect(read == made)
        #expect(read.value.data == ["key": "value"])
        #expect(read.metadata.namespace == "bai")
        #expect(!read.metadata.uid.isEmpty)
    }

    @Test func aNameThatIsTakenIsToldFromAVersionThatIsOld() async throws {
        let fixture = try Fixture()
        let first = try await fixture.configMaps.create(ConfigMap("a"))
        let taken = await failure { _ = try await fixture.configMaps.create(ConfigMap("a")) }
        #expect(taken?.code == .alreadyExists)
        var changed = first.value
        changed.data = ["x": "1"]
        _ = try await fixture.configMaps.replace(first.tree(changedTo: changed))
        let stale = await failure { _ = try await fixture.configMaps.replace(first.tree(changedTo: changed)) }
        #expect(stale?.code == .conflict)
        #expect(stale?.message.contains("read the object again") == true)
    }

    @Test func whoComesSecondGetsTheFirstOnesObject() async throws {
        let fixture = try Fixture()
        let (first, isNew) = try await fixture.configMaps.createOrGet(ConfigMap("a", ["by": "first"]))
        let (second, isNewAgain) = try await fixture.configMaps.createOrGet(ConfigMap("a", ["by": "second"]))
        #expect(isNew && !isNewAgain)
        #expect(second == first)
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        let fixture = try Fixture()
        let error = await failure { _ = try await fixture.configMaps.get("none") }
        #expect(error?.code == .notFound)
        #expect(error?.message == "get ConfigMap bai/none: NotFound: configmaps \"none\" not found")
    }

    @Test(arguments: ["", ".", "..", "a/b", "a%2fb"])
    func aNameThatWouldBeAnotherPathIsNotSent(name: String) async throws {
        let fixture = try Fixture()
        _ = try await fixture.configMaps.create(ConfigMap("a"))
        let error = await failure { _ = try await fixture.configMaps.delete(name) }
        #expect(error?.code == .badRequest)
        #expect(fixture.cluster.objects("configmaps", in: "bai").count == 1)
    }

    @Test func everyCauseOfARefusalIsNamed() async throws {
        let fixture = try Fixture()
        var broken = job("a")
        broken["spec"]?["backoffLimit"] = -1
        broken["spec"]?["template"]?["spec"]?["restartPolicy"] = "Always"
        let object = broken
        let error = await failure { _ = try await fixture.jobs.create(object) }
        #expect(error?.code == .invalid)
        #expect(error?.status == 422)
        #expect(error?.causes.map(\.field) == ["spec.backoffLimit", "spec.template.spec.restartPolicy"])
        #expect(error?.message.contains("Required value: valid values: \"OnFailure\", \"Never\"") == true)
    }

    @Test func aDryRunChangesNothing() async throws {
        let fixture = try Fixture()
        _ = try await fixture.configMaps.create(ConfigMap("a"), dryRun: true)
        #expect(fixture.cluster.objects("configmaps", in: "bai").isEmpty)
        let error = await failure {
            _ = try await fixture.jobs.create(["metadata": ["name": "b"]], dryRun: true)
        }
        #expect(error?.code == .invalid)
    }

    @Test func aMergePatchChangesWhatItNamesAlone() async throws {
        let fixture = try Fixture()
        _ = try await fixture.configMaps.create(ConfigMap("a", ["keep": "1", "drop": "2"]))
        let patched = try await fixture.configMaps.patch("a", .merge(["data": ["drop": .null, "new": "3"]]))
        #expect(patched.value.data == ["keep": "1", "new": "3"])
    }

    @Test func aPatchInStepsFailsAsAWholeWhenATestDoes() async throws {
        let fixture = try Fixture()
        _ = try await fixture.configMaps.create(ConfigMap("a", ["x": "1"]))
        let error = await failure {
            _ = try await fixture.configMaps.patch(
                "a",
                .steps([
                    ["op": "replace", "path": "/data/x", "value": "2"],
                    ["op": "test", "path": "/data/x", "value": "9"],
                ]))
        }
        #expect(error?.code == .invalid)
        #expect(try await fixture.configMaps.get("a").value.data == ["x": "1"])
    }

    @Test func fieldsOfAnotherManagerAreAConflictUntilForced() async throws {
        let fixture = try Fixture()
        _ = try await fixture.configMaps.apply(ConfigMap("a", ["x": "1", "y": "1"]), manager: "them")
        let error = await failure { _ = try await fixture.configMaps.apply(ConfigMap("a", ["x": "2"])) }
        #expect(error?.code == .conflict)
        #expect(error?.causes.map(\.field) == [".data.x"])
        #expect(error?.causes.first?.reason == "FieldManagerConflict")
        let applied = try await fixture.configMaps.apply(ConfigMap("a", ["x": "2"]), force: true)
        #expect(applied.value.data == ["x": "2", "y": "1"])
    }

    @Test func applyingLessTakesAwayWhatWasApplied() async throws {
        let fixture = try Fixture()
        _ = try await fixture.configMaps.apply(ConfigMap("a", ["x": "1", "y": "1"]))
        let applied = try await fixture.configMaps.apply(ConfigMap("a", ["x": "1"]))
        #expect(applied.value.data == ["x": "1"])
    }

    @Test func deletingSaysWhatBecameOfIt() async throws {
        let fixture = try Fixture()
        #expect(try await fixture.configMaps.delete("a") == .wasNotThere)
        _ = try await fixture.configMaps.create(ConfigMap("a"))
        #expect(try await fixture.configMaps.delete("a") == .gone)
        try fixture.cluster.store(
            "configmaps", ["metadata": ["name": "b", "namespace": "bai", "finalizers": ["bai.test/hold"]]])
        guard case .underWay(let metadata) = try await fixture.configMaps.delete("b") else {
            Issue.record("a finalizer must hold it")
            return
        }
        #expect(metadata.finalizers == ["bai.test/hold"])
    }

    @Test func anObjectMadeAnewIsNotDeletedInPlaceOfTheOldOne() async throws {
        let fixture = try Fixture()
        let old = try await fixture.configMaps.create(ConfigMap("a"))
        _ = try await fixture.configMaps.delete("a")
        _ = try await fixture.configMaps.create(ConfigMap("a"))
        let error = await failure {
            _ = try await fixture.configMaps.delete("a", DeletionOptions(uid: old.metadata.uid))
        }
        #expect(error?.code == .conflict)
        #expect(fixture.cluster.object("configmaps", "bai", "a") != nil)
    }

    @Test func aJobsPodsGoWithIt() async throws {
        let fixture = try Fixture()
        let made = try await fixture.jobs.create(job("a"))
        try fixture.cluster.store(
            "pods",
            [
                "metadata": [
                    "name": "a-x", "namespace": "bai",
                    "ownerReferences": [
                        [
                            "apiVersion": "batch/v1", "kind": "Job", "name": "a",
                            "uid": .string(made.metadata.uid),
                        ]
                    ],
                ], "spec": ["containers": []],
            ])
        _ = try await fixture.jobs.delete("a")
        let isGone = await eventually { fixture.cluster.objects("pods", in: "bai").isEmpty }
        #expect(isGone)
    }

    @Test func serversSayWhatTheyAre() async throws {
        let fixture = try Fixture()
        let version = try await fixture.client.version()
        #expect(version == ServerVersion(major: 1, minor: 33))
        #expect(version.hasNativeSidecars)
        let training = ResourceType(
            group: "kubeflow.org", version: "v2beta1", kind: "MPIJob", plural: "mpijobs")
        #expect(try await !fixture.client.serves(training))
        fixture.cluster.install(ServedKind("kubeflow.org", "v2beta1", "MPIJob", "mpijobs"))
        #expect(try await fixture.client.serves(training))
    }

    @Test func theServersWarningsAreHandedOn() async throws {
        let fixture = try Fixture()
        let warnings = Collected<String>()
        let client = KubernetesClient(fixture.client.connection) { warnings.add($0) }
        var object = job("a")
        object["spec"]?["surprise"] = true
        _ = try await client.resources(.job, in: "bai").create(object)
        #expect(warnings.values == ["unknown field 'spec.surprise'"])
    }
}
