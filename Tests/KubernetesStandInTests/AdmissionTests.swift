import HTTPMessages
import JSON
import KubernetesStandIn
import Testing

@Suite struct AdmissionTests {
    @Test func nobodyAndStrangersAreUnauthorized() async throws {
        let cluster = try RawCluster()
        for token in [nil, "wrong"] {
            let answer = try await cluster.ask(.get, "/api/v1/namespaces", token: token)
            #expect(answer.status == 401)
            #expect(answer.message == "Unauthorized")
        }
    }

    @Test func rulesAllowVerbsOfSubresourcesByName() async throws {
        let cluster = try RawCluster()
        cluster.standIn.add(.serviceAccount("w", in: "bai"), token: "w")
        try cluster.standIn.store(
            "clusterroles",
            [
                "metadata": ["name": "reader"],
                "rules": [["apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]]],
            ])
        try cluster.standIn.store(
            "rolebindings",
            [
                "metadata": ["name": "reader", "namespace": "bai"],
                "roleRef": ["kind": "ClusterRole", "name": "reader"],
                "subjects": [["kind": "ServiceAccount", "name": "w", "namespace": "bai"]],
            ])
        #expect(try await cluster.ask(.get, cluster.path("pods"), token: "w").status == 200)
        let everywhere = try await cluster.ask(.get, "/api/v1/pods", token: "w")
        #expect(
            everywhere.message
                == "pods is forbidden: User \"system:serviceaccount:bai:w\" cannot list resource \"pods\" in API group \"\" at the cluster scope"
        )
        let log = try await cluster.ask(.get, cluster.path("pods", "p") + "/log", token: "w")
        #expect(
            log.message
                == "pods \"p\" is forbidden: User \"system:serviceaccount:bai:w\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"bai\""
        )
        let review: JSONValue = [
            "spec": [
                "resourceAttributes": ["namespace": "bai", "verb": "list", "group": "", "resource": "pods"]
            ]
        ]
        let allowed = try await cluster.ask(
            .post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review, token: "w")
        #expect(allowed.body["status"]?["allowed"] == true)
    }

    @Test func aQuotaIsRefusedInItsWords() async throws {
        let cluster = try RawCluster()
        try cluster.standIn.store(
            "resourcequotas",
            ["metadata": ["name": "few", "namespace": "bai"], "spec": ["hard": ["count/jobs.batch": "1"]]])
        #expect(try await cluster.create("jobs", job("a")).status == 201)
        let answer = try await cluster.create("jobs", job("b"))
        #expect(answer.status == 403)
        #expect(
            answer.message
                == "jobs.batch \"b\" is forbidden: exceeded quota: few, requested: count/jobs.batch=1, used: count/jobs.batch=1, limited: count/jobs.batch=1"
        )
    }

    @Test func aRestrictedNamespaceTakesNoOrdinaryPod() async throws {
        let cluster = try RawCluster()
        try cluster.standIn.makeNamespace(
            "strict", labels: ["pod-security.kubernetes.io/enforce": "restricted"])
        let answer = try await cluster.ask(.post, "/api/v1/namespaces/strict/pods", pod())
        #expect(answer.status == 403)
        #expect(
            answer.message.contains(
                "violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false"))
        let careful = pod { spec in
            spec["securityContext"] = ["runAsNonRoot": true, "seccompProfile": ["type": "RuntimeDefault"]]
            spec["containers"] = [
                [
                    "name": "main", "image": "x",
                    "securityContext": [
                        "allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]],
                    ],
                ]
            ]
        }
        #expect(try await cluster.ask(.post, "/api/v1/namespaces/strict/pods", careful).status == 201)
    }

    @Test func whatAPodNamesMustBeThere() async throws {
        let cluster = try RawCluster()
        let account = try await cluster.create("pods", pod { $0["serviceAccountName"] = "none" })
        #expect(
            account.message.contains(
                "error looking up service account bai/none: serviceaccount \"none\" not found"))
        let priority = try await cluster.create("pods", pod { $0["priorityClassName"] = "none" })
        #expect(priority.message == "pods \"p\" is forbidden: no PriorityClass with name none was found")
    }
}
