import HTTPMessages
import JSON
import KubernetesStandIn
import TestSupport
import Testing

@Suite struct WritingTests {
    @Test func theServerFillsInWhatIsItsOwn() async throws {
        let cluster = try RawCluster()
        let answer = try await cluster.create(
            "jobs",
            job { object in
                object["metadata"]?["uid"] = "mine"
                object["metadata"]?["generation"] = 9
                object["status"] = ["succeeded": 1]
            })
        #expect(answer.status == 201)
        let uid = try #require(answer.body["metadata"]?["uid"]?.string)
        #expect(uid != "mine")
        #expect(answer.body["metadata"]?["generation"] == 1)
        #expect(answer.body["status"]?["succeeded"] == nil)
        #expect(answer.body["spec"]?["backoffLimit"] == 6)
        #expect(
            answer.body["spec"]?["selector"]?["matchLabels"]?["batch.kubernetes.io/controller-uid"]?.string
                == uid)
        let labels = answer.body["spec"]?["template"]?["metadata"]?["labels"]
        #expect(labels?["job-name"] == "j")
        #expect(labels?["batch.kubernetes.io/job-name"] == "j")
    }

    @Test func aVersionIsNotForWhatIsNew() async throws {
        let cluster = try RawCluster()
        let answer = try await cluster.create("jobs", job { $0["metadata"]?["resourceVersion"] = "1" })
        #expect(answer.status == 400)
        #expect(answer.message == "resourceVersion should not be set on objects to be created")
    }

    @Test func namesAreGeneratedFromAPrefix() async throws {
        let cluster = try RawCluster()
        let unnamed = job { $0["metadata"] = ["generateName": "bench-"] }
        let first = try await cluster.create("jobs", unnamed)
        let second = try await cluster.create("jobs", unnamed)
        let names = [first, second].compactMap { $0.body["metadata"]?["name"]?.string }
        #expect(Set(names).count == 2)
        #expect(names.allSatisfy { $0.hasPrefix("bench-") && $0.count == 11 })
    }

    @Test func nothingIsMadeInANamespaceThatIsNotThereOrGoes() async throws {
        let cluster = try RawCluster()
        let none = try await cluster.ask(.post, "/apis/batch/v1/namespaces/none/jobs", job())
        #expect(none.status == 404)
        #expect(none.message == "namespaces \"none\" not found")
        cluster.standIn.update("namespaces", nil, "bai") {
            $0["metadata"]?["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        }
        let going = try await cluster.create("jobs", job())
        #expect(going.status == 403)
        #expect(going.message.contains("because it is being terminated"))
    }

    @Test func statusAndSpecificationAreWrittenApart() async throws {
        let cluster = try RawCluster()
        let made = try await cluster.create("jobs", job())
        var object = made.body
        object["status"] = ["active": 1]
        object["spec"]?["suspend"] = true
        let answer = try await cluster.ask(.put, cluster.path("jobs", "j") + "/status", object)
        #expect(answer.body["status"]?["active"] == 1)
        #expect(answer.body["spec"]?["suspend"] == false)
        object["metadata"]?["resourceVersion"] = .string(answer.version)
        object["status"] = ["active": 2]
        let second = try await cluster.ask(.put, cluster.path("jobs", "j"), object)
        #expect(second.body["status"]?["active"] == 1)
        #expect(second.body["spec"]?["suspend"] == true)
        #expect(second.body["metadata"]?["generation"] == 2)
    }

    @Test func aChangeThatChangesNothingKeepsTheVersion() async throws {
        let cluster = try RawCluster()
        let made = try await cluster.create("jobs", job())
        let answer = try await cluster.ask(
            .patch, cluster.path("jobs", "j"), ["spec": ["suspend": false]],
            type: "application/merge-patch+json")
        #expect(answer.version == made.version)
    }

    @Test func finalizersHoldAnObjectAndCannotBeAddedAnyMore() async throws {
        let cluster = try RawCluster()
        _ = try await cluster.create("jobs", job { $0["metadata"]?["finalizers"] = ["bai.test/hold"] })
        let path = cluster.path("jobs", "j")
        let deleted = try await cluster.ask(.delete, path, ["propagationPolicy": "Background"])
        #expect(deleted.body["metadata"]?["deletionTimestamp"] != nil)
        let more = try await cluster.ask(
            .patch, path, ["metadata": ["finalizers": ["bai.test/hold", "bai.test/more"]]],
            type: "application/merge-patch+json")
        #expect(more.status == 422)
        #expect(more.message.contains("no new finalizers can be added if the object is being deleted"))
        _ = try await cluster.ask(
            .patch, path, ["metadata": ["finalizers": .null]], type: "application/merge-patch+json")
        #expect(try await cluster.ask(.get, path).status == 404)
    }

    /// The trap of Jobs: without a word about it, their pods stay.
    @Test(arguments: [(nil, true), ("Background", false), ("Foreground", false), ("Orphan", true)])
    func aJobsPodsStayUnlessTheDeletionSaysOtherwise(policy: String?, stays: Bool) async throws {
        let cluster = try RawCluster()
        let made = try await cluster.create("jobs", job())
        let owner: JSONValue = [
            "apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": made.body["metadata"]?["uid"] ?? "",
            "blockOwnerDeletion": true,
        ]
        try cluster.standIn.store(
            "pods",
            [
                "metadata": ["name": "p", "namespace": "bai", "ownerReferences": [owner]],
                "spec": ["containers": [["name": "main", "image": "x"]]],
            ])
        _ = try await cluster.ask(
            .delete, cluster.path("jobs", "j"), policy.map { ["propagationPolicy": .string($0)] } ?? [:])
        let isGone = await eventually { cluster.standIn.object("jobs", "bai", "j") == nil }
        #expect(isGone)
        let isSo = await eventually {
            let pod = cluster.standIn.object("pods", "bai", "p")
            return stays ? pod != nil && pod?["metadata"]?["ownerReferences"] == nil : pod == nil
        }
        #expect(isSo)
    }

    @Test func aRunningPodGetsItsGrace() async throws {
        let cluster = try RawCluster()
        _ = try await cluster.create("pods", pod())
        cluster.standIn.update("pods", "bai", "p") { $0["spec"]?["nodeName"] = "n" }
        let path = cluster.path("pods", "p")
        let deleted = try await cluster.ask(.delete, path)
        #expect(deleted.body["metadata"]?["deletionGracePeriodSeconds"] == 30)
        #expect(try await cluster.ask(.get, path).status == 200)
        _ = try await cluster.ask(.delete, path, ["gracePeriodSeconds": 0])
        #expect(try await cluster.ask(.get, path).status == 404)
    }

    @Test func aBodyOfAnotherTypeIsNotRead() async throws {
        let cluster = try RawCluster()
        let answer = try await cluster.ask(.post, cluster.path("jobs"), job(), type: "text/plain")
        #expect(answer.status == 415)
    }

    @Test func managedFieldsSayWhoSetWhat() async throws {
        let cluster = try RawCluster()
        let map: JSONValue = [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "m"], "data": ["a": "1"],
        ]
        let path = cluster.path("configmaps", "m")
        let type = "application/apply-patch+yaml"
        let made = try await cluster.ask(.patch, path + "?fieldManager=one", map, type: type)
        #expect(made.status == 201)
        let entries = made.body["metadata"]?["managedFields"]?.array ?? []
        #expect(entries.count == 1)
        #expect(entries.first?["fieldsV1"] == ["f:data": ["f:a": [:]]])
        #expect(entries.first?["operation"] == "Apply")
        var other = map
        other["data"] = ["a": "2", "b": "1"]
        let refused = try await cluster.ask(.patch, path + "?fieldManager=two", other, type: type)
        #expect(refused.status == 409)
        #expect(refused.message == "Apply failed with 1 conflict: conflict with \"one\" using v1: .data.a")
        // The same value is shared, not a conflict.
        other["data"] = ["a": "1", "b": "1"]
        #expect(try await cluster.ask(.patch, path + "?fieldManager=two", other, type: type).status == 200)
        #expect(try await cluster.ask(.patch, path, other, type: type).status == 422)
    }

    @Test func containersAreMergedByTheirNames() async throws {
        let cluster = try RawCluster()
        let type = "application/apply-patch+yaml"
        let first: JSONValue = [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "d"],
            "spec": [
                "template": [
                    "spec": ["containers": [["name": "a", "image": "x"], ["name": "b", "image": "y"]]]
                ]
            ],
        ]
        let path = "/apis/apps/v1/namespaces/bai/deployments/d"
        _ = try await cluster.ask(.patch, path + "?fieldManager=one", first, type: type)
        var second = first
        second["spec"]?["template"]?["spec"]?["containers"] = [
            ["name": "b", "image": "z"], ["name": "c", "image": "w"],
        ]
        let refused = try await cluster.ask(.patch, path + "?fieldManager=two", second, type: type)
        #expect(
            refused.causes == [
                ".spec.template.spec.containers[name=\"b\"].image: conflict with \"one\" using apps/v1"
            ])
        let forced = try await cluster.ask(.patch, path + "?fieldManager=two&force=true", second, type: type)
        #expect(
            forced.body["spec"]?["template"]?["spec"]?["containers"] == [
                ["name": "a", "image": "x"], ["name": "b", "image": "z"], ["name": "c", "image": "w"],
            ])
    }
}
