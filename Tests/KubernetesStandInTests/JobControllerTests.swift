import HTTPMessages
import JSON
import KubernetesStandIn
import TestSupport
import Testing

@Suite struct JobControllerTests {
    private static let success: [PodStep] = [
        .schedule(node: "n"), .run, .print(container: "main", "done"),
        .end(container: "main", exitCode: 0, reason: "Completed"),
    ]

    private func condition(_ cluster: RawCluster, _ type: String) -> JSONValue? {
        cluster.standIn.object("jobs", "bai", "j")?["status"]?["conditions"]?.array?.first {
            $0["type"]?.string == type
        }
    }

    @Test func aJobOfOnePodSucceedsWithIt() async throws {
        let cluster = try RawCluster()
        cluster.standIn.play { _ in Self.success }
        let made = try await cluster.create("jobs", job())
        let isComplete = await eventually { condition(cluster, "Complete") != nil }
        #expect(isComplete)
        #expect(condition(cluster, "SuccessCriteriaMet")?["reason"] == "CompletionsReached")
        let status = cluster.standIn.object("jobs", "bai", "j")?["status"]
        #expect(status?["succeeded"] == 1)
        #expect(status?["active"] == nil)
        #expect(status?["completionTime"] != nil)
        let pod = try #require(cluster.standIn.objects("pods", in: "bai").first)
        let uid = try #require(made.body["metadata"]?["uid"]?.string)
        let labels = pod["metadata"]?["labels"]
        #expect(labels?["batch.kubernetes.io/controller-uid"]?.string == uid)
        #expect(labels?["job-name"] == "j")
        #expect(pod["metadata"]?["ownerReferences"]?.array?.first?["uid"]?.string == uid)
        #expect(pod["metadata"]?["finalizers"] == nil)
    }

    @Test func aFailureBeyondTheLimitEndsTheJob() async throws {
        let cluster = try RawCluster()
        cluster.standIn.play { _ in
            [.schedule(node: "n"), .run, .end(container: "main", exitCode: 3, reason: "Error")]
        }
        _ = try await cluster.create("jobs", job { $0["spec"]?["backoffLimit"] = 0 })
        let hasFailed = await eventually { condition(cluster, "Failed") != nil }
        #expect(hasFailed)
        #expect(condition(cluster, "Failed")?["reason"] == "BackoffLimitExceeded")
        #expect(condition(cluster, "FailureTarget") != nil)
        #expect(cluster.standIn.objects("pods", in: "bai").count == 1)
    }

    @Test func anIndexedJobHasAPodForEachIndex() async throws {
        let cluster = try RawCluster()
        cluster.standIn.play { _ in Self.success }
        _ = try await cluster.create(
            "jobs",
            job { object in
                object["spec"]?["completionMode"] = "Indexed"
                object["spec"]?["completions"] = 3
                object["spec"]?["parallelism"] = 3
            })
        let isComplete = await eventually { condition(cluster, "Complete") != nil }
        #expect(isComplete)
        let pods = cluster.standIn.objects("pods", in: "bai")
        #expect(
            Set(
                pods.compactMap {
                    $0["metadata"]?["annotations"]?["batch.kubernetes.io/job-completion-index"]?.string
                })
                == ["0", "1", "2"])
        #expect(Set(pods.compactMap { $0["spec"]?["hostname"]?.string }) == ["j-0", "j-1", "j-2"])
        #expect(cluster.standIn.object("jobs", "bai", "j")?["status"]?["completedIndexes"] == "0,1,2")
    }

    @Test func anEvictedPodIsAFailedOne() async throws {
        let cluster = try RawCluster()
        cluster.standIn.play { _ in
            [.schedule(node: "n"), .run, .evict("The node was low on resource: memory.")]
        }
        _ = try await cluster.create("jobs", job { $0["spec"]?["backoffLimit"] = 0 })
        let hasFailed = await eventually { condition(cluster, "Failed") != nil }
        #expect(hasFailed)
        let pod = try #require(cluster.standIn.objects("pods", in: "bai").first)
        #expect(pod["status"]?["reason"] == "Evicted")
        #expect(cluster.standIn.objects("events", in: "bai").contains { $0["reason"] == "Evicted" })
    }

    @Test func aFinishedJobGoesAfterItsTime() async throws {
        let cluster = try RawCluster()
        cluster.standIn.play { _ in Self.success }
        _ = try await cluster.create("jobs", job { $0["spec"]?["ttlSecondsAfterFinished"] = 0 })
        let isGone = await eventually {
            cluster.standIn.objects("jobs", in: "bai").isEmpty
                && cluster.standIn.objects("pods", in: "bai").isEmpty
        }
        #expect(isGone)
    }

    @Test func aPodThatIsNotAdmittedIsAnEventOfTheJob() async throws {
        let cluster = try RawCluster()
        cluster.standIn.play()
        _ = try await cluster.create(
            "jobs", job { $0["spec"]?["template"]?["spec"]?["serviceAccountName"] = "none" })
        let isSaid = await eventually {
            cluster.standIn.objects("events", in: "bai").contains {
                $0["reason"] == "FailedCreate"
                    && $0["message"]?.string?.contains("error looking up service account") == true
            }
        }
        #expect(isSaid)
    }

    @Test func aDeletedJobTakesItsRunningPodWithIt() async throws {
        let cluster = try RawCluster()
        cluster.standIn.play { _ in [.schedule(node: "n"), .run] }
        _ = try await cluster.create("jobs", job())
        let runs = await eventually {
            cluster.standIn.objects("pods", in: "bai").first?["status"]?["phase"] == "Running"
        }
        #expect(runs)
        _ = try await cluster.ask(.delete, cluster.path("jobs", "j"), ["propagationPolicy": "Background"])
        let isAsked = await eventually {
            cluster.standIn.objects("pods", in: "bai").first?["metadata"]?["deletionTimestamp"] != nil
        }
        #expect(isAsked)
        let name = try #require(
            cluster.standIn.objects("pods", in: "bai").first?["metadata"]?["name"]?.string)
        let isGone = await eventually {
            cluster.standIn.step(.stopped, pod: name, in: "bai")
            return cluster.standIn.objects("pods", in: "bai").isEmpty
        }
        #expect(isGone)
    }
}
