import FoundationEssentials
import Glibc
import JSON
import KubernetesStandIn
import Runtime
import TestSupport
import Testing

/// A stand-in whose pods are processes, for one test.
private struct Stage {
    let cluster: KubernetesStandIn
    let kubelet: ProcessKubelet
    let folder: TemporaryFolder

    /// Runs `body` on a stage, and takes it down whatever happens; no process may be left.
    static func with(
        nodes: [ProcessKubelet.Node] = [ProcessKubelet.Node("node-1")], _ body: (Stage) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o777)
        let cluster = try KubernetesStandIn()
        try cluster.makeNamespace("bai")
        let place = folder.path
        var setup = ProcessKubelet.Setup(starter: Programs.path("pod-container")) { name in
            let image = ProcessImage([ProcessImage.Content(place, at: place, isWritable: true)])
            return name.hasPrefix("missing") ? nil : image
        }
        setup.nodes = nodes
        let kubelet = try ProcessKubelet(cluster, setup)
        let stage = Stage(cluster: cluster, kubelet: kubelet, folder: folder)
        do {
            try await body(stage)
        } catch {
            await kubelet.stop()
            throw error
        }
        await kubelet.stop()
        await cluster.stop()
    }

    /// Makes a pod whose container runs a shell script.
    func start(_ name: String = "pod", script: String, _ adjust: (inout JSONValue) -> Void = { _ in }) throws
    {
        var pod: JSONValue = [
            "metadata": ["name": .string(name), "namespace": "bai"],
            "spec": ["restartPolicy": "Never", "containers": [container("main", script)]],
        ]
        adjust(&pod)
        try cluster.store("pods", pod)
    }

    func container(_ name: String, _ script: String) -> JSONValue {
        ["name": .string(name), "image": "test:1", "command": ["sh", "-c", .string(script)]]
    }

    func status(_ pod: String = "pod") -> JSONValue { cluster.object("pods", "bai", pod)?["status"] ?? [:] }

    func ends(_ pod: String = "pod") async -> Bool {
        await eventually { ["Succeeded", "Failed"].contains(status(pod)["phase"]?.string ?? "") }
    }

    func terminated(_ container: String = "main", _ pod: String = "pod") -> JSONValue {
        let status = status(pod)
        let all = (status["initContainerStatuses"]?.array ?? []) + (status["containerStatuses"]?.array ?? [])
        return all.first { $0["name"]?.string == container }?["state"]?["terminated"] ?? [:]
    }

    func read(_ name: String) -> String {
        (try? String(contentsOf: URL(filePath: folder.file(name)), encoding: .utf8)) ?? ""
    }
}

@Suite struct ProcessKubeletTests {
    @Test func aPodIsProcessesAndItsExitCodeAndLogAreTheirs() async throws {
        try await Stage.with { stage in
            try stage.start(script: "echo out; echo err >&2; printf unended; exit 3")
            #expect(await stage.ends())
            #expect(stage.status()["phase"] == "Failed")
            #expect(stage.terminated()["exitCode"] == 3)
            #expect(stage.terminated()["reason"] == "Error")
            #expect(
                stage.cluster.lines(pod: "pod", in: "bai", container: "main") == ["out", "err", "unended"])
        }
    }

    @Test func containersSeeTheirOwnRootProcessesUserAndName() async throws {
        try await Stage.with { stage in
            let script =
                "id -u; id -g; hostname; echo $PPID; ls /work 2>&1 >/dev/null | head -c 3; touch /x && echo wrote"
            try stage.start(script: "\(script)") { pod in
                pod["spec"]?["securityContext"] = [
                    "runAsUser": 1000, "runAsGroup": 1000, "runAsNonRoot": true,
                ]
                var container = stage.container("main", script)
                container["securityContext"] = [
                    "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
                ]
                pod["spec"]?["containers"] = [container]
            }
            #expect(await stage.ends())
            let lines = stage.cluster.lines(pod: "pod", in: "bai", container: "main")
            #expect(lines.prefix(4) == ["1000", "1000", "pod", "0"])
            #expect(!lines.contains("wrote"), "the root is read-only")
        }
    }

    @Test func initContainersRunInOrderAndAFailedOneEndsThePod() async throws {
        try await Stage.with { stage in
            let marks = stage.folder.file("marks")
            try stage.start(script: "echo main >> \(marks)") { pod in
                pod["spec"]?["initContainers"] = [
                    stage.container("first", "sleep 0.1; echo first >> \(marks)"),
                    stage.container("second", "echo second >> \(marks)"),
                ]
            }
            #expect(await stage.ends())
            #expect(stage.read("marks") == "first\nsecond\nmain\n")
            try stage.start("bad", script: "echo never >> \(marks)") { pod in
                pod["spec"]?["initContainers"] = [stage.container("first", "exit 7")]
            }
            #expect(await stage.ends("bad"))
            #expect(stage.terminated("first", "bad")["exitCode"] == 7)
            #expect(!stage.read("marks").contains("never"))
        }
    }

    @Test func aSidecarStartsFirstIsStartedAgainWhenItIsKilledAndEndsAfterTheMainContainer() async throws {
        try await Stage.with { stage in
            let marks = stage.folder.file("marks")
            try stage.start(
                script:
                    "until [ -e \(stage.folder.file("gate")) ]; do sleep 0.02; done; echo main >> \(marks)"
            ) {
                pod in
                var sidecar = stage.container(
                    "sidecar",
                    "trap 'echo told >> \(marks); exit 0' TERM; echo up >> \(marks); while :; do sleep 0.02; done"
                )
                sidecar["restartPolicy"] = "Always"
                pod["spec"]?["initContainers"] = [sidecar]
            }
            let isUp = await eventually { stage.read("marks") == "up\n" }
            #expect(isUp)
            let isKilled = await eventually {
                stage.kubelet.signal(SIGKILL, container: "sidecar", pod: "pod", in: "bai")
            }
            #expect(isKilled)
            let isBack = await eventually { stage.read("marks") == "up\nup\n" }
            #expect(isBack)
            let sidecar = { stage.status()["initContainerStatuses"]?.array?.first }
            let isCounted = await eventually { sidecar()?["restartCount"] == 1 }
            #expect(isCounted)
            #expect(sidecar()?["lastState"]?["terminated"]?["exitCode"] == 137)
            try stage.folder.write("gate", "")
            #expect(await stage.ends())
            #expect(stage.read("marks") == "up\nup\nmain\ntold\n")
            #expect(stage.status()["phase"] == "Succeeded")
        }
    }

    @Test func aDeletedPodIsToldAndThenKilledAndIsGone() async throws {
        try await Stage.with { stage in
            let marks = stage.folder.file("marks")
            try stage.start(
                script: "trap 'echo told >> \(marks)' TERM; echo up >> \(marks); while :; do sleep 0.02; done"
            ) {
                $0["spec"]?["terminationGracePeriodSeconds"] = 1
            }
            let isUp = await eventually { stage.read("marks") == "up\n" }
            #expect(isUp)
            stage.cluster.delete("pods", "bai", "pod")
            let isGone = await eventually { stage.cluster.object("pods", "bai", "pod") == nil }
            #expect(isGone)
            #expect(stage.read("marks") == "up\ntold\n")
        }
    }

    @Test func aPodThatIsLateFailsWithDeadlineExceeded() async throws {
        try await Stage.with { stage in
            try stage.start(script: "sleep 60") { pod in
                pod["spec"]?["activeDeadlineSeconds"] = 1
                pod["spec"]?["terminationGracePeriodSeconds"] = 0
            }
            #expect(await stage.ends())
            #expect(stage.status()["reason"] == "DeadlineExceeded")
            #expect(stage.terminated()["exitCode"] == 137)
        }
    }

    @Test func volumesVariablesAndLastWordsAreAsThePodSays() async throws {
        try await Stage.with { stage in
            try stage.cluster.store(
                "secrets",
                [
                    "metadata": ["name": "s", "namespace": "bai"],
                    "data": ["key": .string(Data("word".utf8).base64EncodedString())],
                ])
            try stage.start(
                script:
                    "cat /secret/file; echo; stat -c %a /secret/..data/file /secret/file 2>/dev/null; ls /shared /part; echo $NAME $WHERE $BOTH $SECRET \"$1\"; echo last > /dev/termination-log; exit 1"
            ) { pod in
                pod["metadata"]?["labels"] = ["tier": "gold"]
                pod["spec"]?["volumes"] = [
                    ["name": "shared", "emptyDir": [:]],
                    [
                        "name": "secret",
                        "secret": [
                            "secretName": "s", "items": [["key": "key", "path": "file"]],
                            "defaultMode": 0o440,
                        ],
                    ],
                ]
                let mount: JSONValue = ["name": "shared", "mountPath": "/shared"]
                pod["spec"]?["initContainers"] = [
                    [
                        "name": "fill", "image": "test:1", "command": ["sh", "-c", "touch /shared/part/x"],
                        "volumeMounts": [
                            mount, ["name": "shared", "mountPath": "/part", "subPath": "part"],
                        ],
                    ]
                ]
                var main = pod["spec"]?["containers"]?.array?.first ?? [:]
                main["command"] = .array((main["command"]?.array ?? []) + ["sh", "$(NAME)-$$(NAME)-$(NONE)"])
                main["volumeMounts"] = [
                    mount, ["name": "shared", "mountPath": "/part", "subPath": "part"],
                    ["name": "secret", "mountPath": "/secret", "readOnly": true],
                ]
                main["env"] = [
                    ["name": "NAME", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]],
                    ["name": "WHERE", "valueFrom": ["fieldRef": ["fieldPath": "spec.nodeName"]]],
                    ["name": "BOTH", "value": "$(NAME)/$(WHERE)"],
                    ["name": "SECRET", "valueFrom": ["secretKeyRef": ["name": "s", "key": "key"]]],
                ]
                pod["spec"]?["containers"] = [main]
            }
            #expect(await stage.ends())
            #expect(
                stage.cluster.lines(pod: "pod", in: "bai", container: "main") == [
                    "word", "440", "/part:", "x", "", "/shared:", "part",
                    "pod node-1 pod/node-1 word pod-$(NAME)-$(NONE)",
                ])
            #expect(stage.terminated()["message"] == "last\n")
        }
    }

    @Test func whatKeepsAContainerFromStartingIsSaidAsAKubeletSaysIt() async throws {
        try await Stage.with { stage in
            try stage.start("pull", script: "true") { pod in
                pod["spec"]?["containers"] = [["name": "main", "image": "missing:1"]]
            }
            try stage.start("config", script: "true") { pod in
                var main = stage.container("main", "true")
                main["env"] = [["name": "A", "valueFrom": ["secretKeyRef": ["name": "none", "key": "k"]]]]
                pod["spec"]?["containers"] = [main]
            }
            try stage.start("command", script: "true") { pod in
                pod["spec"]?["containers"] = [
                    ["name": "main", "image": "test:1", "command": ["no-such-program"]]
                ]
            }
            let reason = { (pod: String) in
                stage.status(pod)["containerStatuses"]?.array?.first?["state"]?["waiting"]?["reason"]?.string
            }
            let isSaid = await eventually {
                reason("pull") == "ImagePullBackOff" && reason("config") == "CreateContainerConfigError"
            }
            #expect(isSaid)
            #expect(await stage.ends("command"))
            #expect(stage.terminated("main", "command")["reason"] == "StartError")
            #expect(
                stage.terminated("main", "command")["message"]?.string?.contains("not found in $PATH") == true
            )
        }
    }

    @Test func podsOfAGroupFindEachOtherByName() async throws {
        try await Stage.with { stage in
            try stage.cluster.store(
                "services",
                [
                    "metadata": ["name": "group", "namespace": "bai"],
                    "spec": [
                        "clusterIP": "None", "publishNotReadyAddresses": true, "selector": ["app": "x"],
                    ],
                ])
            for index in 0..<2 {
                try stage.start(
                    "p\(index)", script: "until getent hosts p0.group.bai.svc p1.group; do sleep 0.05; done"
                ) {
                    $0["metadata"]?["labels"] = ["app": "x"]
                    $0["spec"]?["hostname"] = .string("p\(index)")
                    $0["spec"]?["subdomain"] = "group"
                }
            }
            for index in 0..<2 {
                #expect(await stage.ends("p\(index)"))
                #expect(stage.status("p\(index)")["phase"] == "Succeeded")
            }
        }
    }

    @Test func podsThatWantANodeForThemselvesWaitForOne() async throws {
        try await Stage.with { stage in
            let gate = stage.folder.file("gate")
            for index in 0..<2 {
                try stage.start("p\(index)", script: "until [ -e \(gate) ]; do sleep 0.02; done") { pod in
                    pod["metadata"]?["labels"] = ["occupies": "node"]
                    pod["spec"]?["affinity"] = [
                        "podAntiAffinity": [
                            "requiredDuringSchedulingIgnoredDuringExecution": [
                                [
                                    "topologyKey": "kubernetes.io/hostname",
                                    "labelSelector": ["matchLabels": ["occupies": "node"]],
                                ]
                            ]
                        ]
                    ]
                }
            }
            let words = { (pod: String) in
                stage.status(pod)["conditions"]?.array?.first { $0["reason"] == "Unschedulable" }?["message"]?
                    .string
            }
            let waits = await eventually { (words("p0") ?? words("p1"))?.contains("anti-affinity") == true }
            #expect(waits)
            try stage.folder.write("gate", "")
            for index in 0..<2 { #expect(await stage.ends("p\(index)")) }
        }
    }

    @Test func aProbeSaysWhenAContainerIsReady() async throws {
        try await Stage.with { stage in
            let gate = stage.folder.file("gate")
            try stage.start(script: "sleep 60") { pod in
                var main = stage.container("main", "sleep 60")
                main["readinessProbe"] = [
                    "exec": ["command": ["test", "-e", .string(gate)]], "periodSeconds": 1,
                ]
                pod["spec"]?["containers"] = [main]
            }
            let isReady = {
                stage.status()["conditions"]?.array?.contains {
                    $0["type"] == "Ready" && $0["status"] == "True"
                } == true
            }
            let isUp = await eventually { stage.status()["phase"] == "Running" }
            #expect(isUp && !isReady())
            try stage.folder.write("gate", "")
            let isReadyThen = await eventually { isReady() }
            #expect(isReadyThen)
        }
    }
}
