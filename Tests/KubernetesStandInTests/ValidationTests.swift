import HTTPMessages
import JSON
import Testing

/// An object that a server refuses, and its words.
struct Refused: Sendable, CustomTestStringConvertible {
    var name: String
    var plural: String
    var object: JSONValue
    var causes: [String]

    var testDescription: String { name }

    init(_ name: String, _ plural: String, _ object: JSONValue, _ causes: String...) {
        self.name = name
        self.plural = plural
        self.object = object
        self.causes = causes
    }
}

private func container(_ change: (inout JSONValue) -> Void) -> JSONValue {
    var container: JSONValue = ["name": "main", "image": "busybox:1"]
    change(&container)
    return pod { $0["containers"] = [container] }
}

@Suite struct ValidationTests {
    private static let pods: [Refused] = [
        Refused("no container", "pods", pod { $0["containers"] = [] }, "spec.containers: Required value"),
        Refused(
            "no image", "pods", container { $0["image"] = nil }, "spec.containers[0].image: Required value"),
        Refused(
            "image with a blank", "pods", container { $0["image"] = "busybox " },
            "spec.containers[0].image: Invalid value: \"busybox \": must not have leading or trailing whitespace"
        ),
        Refused(
            "two of a name", "pods",
            pod { $0["containers"] = [["name": "a", "image": "x"], ["name": "a", "image": "x"]] },
            "spec.containers[1].name: Duplicate value: \"a\""),
        Refused(
            "no such volume", "pods", container { $0["volumeMounts"] = [["name": "v", "mountPath": "/v"]] },
            "spec.containers[0].volumeMounts[0].name: Not found: \"v\""),
        Refused(
            "two mounts at a path", "pods",
            pod { spec in
                spec["volumes"] = [["name": "v", "emptyDir": [:]]]
                spec["containers"] = [
                    [
                        "name": "a", "image": "x",
                        "volumeMounts": [
                            ["name": "v", "mountPath": "/v"], ["name": "v", "mountPath": "/v"],
                        ],
                    ]
                ]
            }, "spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/v\": must be unique"),
        Refused(
            "volume of nothing", "pods", pod { $0["volumes"] = [["name": "v"]] },
            "spec.volumes[0]: Required value: must specify a volume type"),
        Refused(
            "volume of two", "pods",
            pod { $0["volumes"] = [["name": "v", "emptyDir": [:], "hostPath": ["path": "/"]]] },
            "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"),
        Refused(
            "more asked than allowed", "pods",
            container { $0["resources"] = ["requests": ["cpu": "2"], "limits": ["cpu": "1500m"]] },
            "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1500m"
        ),
        Refused(
            "graphics processors without a limit", "pods",
            container { $0["resources"] = ["requests": ["nvidia.com/gpu": "1"]] },
            "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources"
        ),
        Refused(
            "an unknown resource", "pods", container { $0["resources"] = ["limits": ["gpu": "1"]] },
            "spec.containers[0].resources.limits: Invalid value: \"gpu\": must be a standard resource for containers",
            "spec.containers[0].resources.requests: Invalid value: \"gpu\": must be a standard resource for containers"
        ),
        Refused(
            "a variable without a name", "pods", container { $0["env"] = [["value": "x"]] },
            "spec.containers[0].env[0].name: Required value"),
        Refused(
            "a port that is none", "pods", container { $0["ports"] = [["containerPort": 70_000]] },
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"
        ),
        Refused(
            "no time at all", "pods", pod { $0["activeDeadlineSeconds"] = 0 },
            "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"),
        Refused(
            "privileged, and not", "pods",
            container { $0["securityContext"] = ["privileged": true, "allowPrivilegeEscalation": false] },
            "spec.containers[0].securityContext: Invalid value: {\"allowPrivilegeEscalation\":false,\"privileged\":true}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        ),
        Refused(
            "a main container that always restarts", "pods", container { $0["restartPolicy"] = "Always" },
            "spec.containers[0].restartPolicy: Forbidden: may not be set for non-init containers"),
        Refused(
            "a toleration of everything with a value", "pods",
            pod { $0["tolerations"] = [["key": "a", "operator": "Exists", "value": "b"]] },
            "spec.tolerations[0].operator: Invalid value: {\"key\":\"a\",\"operator\":\"Exists\",\"value\":\"b\"}: value must be empty when `operator` is 'Exists'"
        ),
    ]

    private static let jobs: [Refused] = [
        Refused(
            "no restart policy", "jobs", job { $0["spec"]?["template"]?["spec"]?["restartPolicy"] = nil },
            "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""),
        Refused(
            "less than nothing", "jobs", job { $0["spec"]?["backoffLimit"] = -1 },
            "spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0"),
        Refused(
            "indexed without an end", "jobs",
            job { object in
                object["spec"]?["completionMode"] = "Indexed"
                object["spec"]?["parallelism"] = 2
            }, "spec.completions: Required value: when completion mode is Indexed"),
        Refused(
            "a selector of its own", "jobs", job { $0["spec"]?["selector"] = ["matchLabels": ["a": "b"]] },
            "spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"b\"}}: `selector` not auto-generated"),
    ]

    @Test(arguments: pods + jobs)
    func isRefusedWithCauses(_ refused: Refused) async throws {
        let answer = try await RawCluster().create(refused.plural, refused.object)
        #expect(answer.status == 422)
        #expect(answer.reason == "Invalid")
        for cause in refused.causes { #expect(answer.causes.contains(cause), "\(answer.causes)") }
        #expect(
            answer.causes.contains { !refused.causes.contains($0) && !$0.contains("does not match template") }
                == false, "\(answer.causes)")
    }

    @Test func aNameTooLongForALabelIsNoNameOfAJob() async throws {
        let name = String(repeating: "a", count: 64)
        let answer = try await RawCluster().create("jobs", job(name))
        #expect(
            answer.causes.contains(
                "spec.template.labels: Invalid value: \"\(name)\": must be no more than 63 bytes"))
    }

    @Test(arguments: [
        (
            JSONValue.integer(1),
            "cannot unmarshal number into Go struct field Pod.spec.containers.env.value of type string"
        ),
        (
            .bool(true),
            "cannot unmarshal bool into Go struct field Pod.spec.containers.env.value of type string"
        ),
    ])
    func aVariablesValueIsAText(value: JSONValue, words: String) async throws {
        let object = container { $0["env"] = [["name": "A", "value": value]] }
        let answer = try await RawCluster().create("pods", object)
        #expect(answer.status == 400)
        #expect(answer.message.contains(words), "\(answer.message)")
    }

    @Test func anAmountThatIsNoneIsABadRequest() async throws {
        let object = container { $0["resources"] = ["limits": ["memory": "4 GB"]] }
        let answer = try await RawCluster().create("pods", object)
        #expect(answer.status == 400)
        #expect(answer.message.contains("quantities must match the regular expression"))
    }

    @Test func unknownFieldsAreDroppedWithAWarningOrRefused() async throws {
        let cluster = try RawCluster()
        let object = job { $0["spec"]?["retries"] = 3 }
        let strict = try await cluster.create("jobs", object, query: "?fieldValidation=Strict")
        #expect(strict.status == 400)
        #expect(strict.message.contains("strict decoding error: unknown field \"spec.retries\""))
        let answer = try await cluster.create("jobs", object)
        #expect(answer.status == 201)
        #expect(answer.body["spec"]?["retries"] == nil)
        #expect(answer.headers["Warning"]?.contains("unknown field") == true)
    }

    @Test func aJobsTemplateNeverChanges() async throws {
        let cluster = try RawCluster()
        _ = try await cluster.create("jobs", job())
        let answer = try await cluster.ask(
            .patch, cluster.path("jobs", "j"),
            [
                "spec": [
                    "template": ["spec": ["terminationGracePeriodSeconds": 1]], "completionMode": "Indexed",
                ]
            ],
            type: "application/merge-patch+json")
        #expect(answer.status == 422)
        #expect(answer.causes.filter { $0.hasSuffix("field is immutable") }.count == 2)
        let suspended = try await cluster.ask(
            .patch, cluster.path("jobs", "j"), ["spec": ["suspend": true]],
            type: "application/merge-patch+json")
        #expect(suspended.status == 200)
    }
}
