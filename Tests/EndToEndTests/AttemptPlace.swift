import FoundationEssentials
import Glibc
import JSON
import KubernetesStandIn
import Provisioning
import Runtime
import TestSupport
import Testing

/// Where the attempts of a stack run.
enum AttemptPlace: String, Sendable, CustomTestStringConvertible {
    /// As processes of this machine.
    case machine
    /// As pods of the stand-in, whose kubelet makes them processes of this machine.
    case pods
    /// As pods of the cluster that `BAI_TEST_KUBECONFIG` names.
    case cluster

    var testDescription: String { rawValue }

    /// Where tests that make sense everywhere run: on the cluster that is given; else where `BAI_TEST_ATTEMPTS` says, or on this machine.
    ///
    /// Not both in one process: the stand-in and its kubelet live in the tests' own, and tests that hold up its threads hold up every pod.
    static let all: [AttemptPlace] = {
        if TestCluster.given != nil { return [.cluster] }
        let names = ProcessInfo.processInfo.environment["BAI_TEST_ATTEMPTS"] ?? "machine"
        return names.split(separator: ",").compactMap { AttemptPlace(rawValue: String($0)) }.filter {
            $0 != .pods || arePodsPossible
        }
    }()

    /// Whether processes of this machine may have mounts of their own; says so where not.
    private static let arePodsPossible: Bool = {
        let namespaces = geteuid() == 0 ? ["-m", "-p"] : ["-U", "-r", "-m", "-p"]
        let setup = ChildProcess.Setup(
            program: "unshare", arguments: namespaces + ["--fork", "true"],
            environment: ["PATH": ProcessImage.usualPath])
        var status: Int32 = -1
        if let child = try? ChildProcess.start(setup), waitpid(child.processID, &status, 0) > 0, status == 0 {
            return true
        }
        print("attempts in pods are not tested here: that needs the super-user, or user namespaces")
        return false
    }()
    /// For what a stand-in alone can be made to do.
    static let standIn: [AttemptPlace] = all.filter { $0 == .pods }
}

/// A real cluster that the suite is to run on.
struct TestCluster: Sendable {
    var kubeconfig: String
    /// The image with the programs, as the cluster's nodes pull it. Benchmarks of tests run in it, too: it has a shell and `bai-emit`.
    var image: String
    /// How pods reach this machine; without one they print their records, and the watcher reads them.
    var address: String?
    var namespace: String

    /// From `BAI_TEST_KUBECONFIG`, `BAI_TEST_IMAGE`, `BAI_TEST_ADDRESS` and `BAI_TEST_NAMESPACE`.
    static let given: TestCluster? = {
        let environment = ProcessInfo.processInfo.environment
        guard let kubeconfig = environment["BAI_TEST_KUBECONFIG"], !kubeconfig.isEmpty else { return nil }
        guard let image = environment["BAI_TEST_IMAGE"], !image.isEmpty else {
            preconditionFailure("BAI_TEST_KUBECONFIG needs BAI_TEST_IMAGE, the image with the programs")
        }
        return TestCluster(
            kubeconfig: kubeconfig, image: image, address: environment["BAI_TEST_ADDRESS"],
            namespace: environment["BAI_TEST_NAMESPACE"] ?? "default")
    }()
}

/// The cluster of one stack: the stand-in with a kubelet, or what is known of a real one.
final class PodHouse: Sendable {
    /// What benchmarks run in; on the stand-in every name is an image.
    static let image = TestCluster.given?.image ?? "benchmark:1"
    /// As the manifests have it.
    private static let namespace = "benchmark-ai-runs"

    let standIn: KubernetesStandIn?
    let kubelet: ProcessKubelet?
    private let port: UInt16

    /// - Parameters:
    ///   - place: where attempts run; not the machine.
    ///   - folder: the test's own, which benchmarks on the stand-in see, too.
    ///   - nodes: how many the stand-in has; each takes one benchmark at a time.
    init(_ place: AttemptPlace, folder: String, nodes: Int) throws {
        port = try PodHouse.freePort()
        guard place == .pods else {
            (standIn, kubelet) = (nil, nil)
            return
        }
        chmod(folder, 0o777)
        let cluster = try PodHouse.cluster()
        let library = "\(Programs.root)/client-lib"
        let names = (1...nodes).map { ProcessKubelet.Node("node-\($0)") }
        let setup = ProcessKubelet.Setup(starter: Programs.path("pod-container"), nodes: names) { name in
            if name.hasPrefix("benchmark-ai:") { return .agent(programs: Programs.folder) }
            if name.hasPrefix("missing") { return nil }
            return ProcessImage(
                [
                    ProcessImage.Content(library, at: "/srv/client-lib"),
                    ProcessImage.Content(folder, at: folder, isWritable: true),
                ],
                variables: [
                    "PATH": "/srv/client-lib/shell:\(ProcessImage.usualPath)",
                    "PYTHONPATH": "/srv/client-lib/python",
                ])
        }
        standIn = cluster
        kubelet = try ProcessKubelet(cluster, setup)
        try Data(cluster.kubeconfig(token: "services").utf8).write(to: URL(filePath: "\(folder)/kubeconfig"))
    }

    /// A stand-in with the namespace of benchmarks, where the services may do what the manifests let them, and nothing else.
    private static func cluster() throws -> KubernetesStandIn {
        let cluster = try KubernetesStandIn()
        try cluster.makeNamespace(namespace, labels: ["pod-security.kubernetes.io/enforce": "restricted"])
        cluster.add(StandInUser("services"), token: "services")
        for manifest in try Overlay.manifests(in: "\(Programs.root)/infra/kubernetes/overlays/small")
        where manifest.namespace == namespace {
            if manifest.kind == "ServiceAccount" { try cluster.store("serviceaccounts", manifest.tree) }
            guard manifest.kind == "Role" else { continue }
            try cluster.store("roles", manifest.tree)
            try cluster.store(
                "rolebindings",
                [
                    "metadata": ["name": .string(manifest.name), "namespace": .string(namespace)],
                    "roleRef": ["kind": "Role", "name": .string(manifest.name)],
                    "subjects": [["kind": "User", "name": "services"]],
                ])
        }
        return cluster
    }

    /// What the services are told, so that attempts run here.
    func variables(folder: String) -> [String: String] {
        var variables = [
            "BAI_RUNNER_KIND": "kubernetes", "BAI_KUBERNETES_SELECT_INSTANCE_TYPE": "false",
            "BAI_KUBERNETES_SELECT_ZONE": "false", "BAI_API_LISTEN": "127.0.0.1:\(port)",
            "BAI_KUBERNETES_KUBECONFIG": "\(folder)/kubeconfig",
            "BAI_KUBERNETES_NAMESPACE": PodHouse.namespace,
            "BAI_KUBERNETES_SERVER": "http://127.0.0.1:\(port)",
            // Less than a node of the stand-in has, and than most real ones.
            "BAI_KUBERNETES_CPUS": "100m", "BAI_KUBERNETES_MEMORY": "256MiB",
        ]
        guard let cluster = TestCluster.given else { return variables }
        variables["BAI_KUBERNETES_KUBECONFIG"] = cluster.kubeconfig
        variables["BAI_KUBERNETES_NAMESPACE"] = cluster.namespace
        variables["BAI_KUBERNETES_IMAGE"] = cluster.image
        variables["BAI_KUBERNETES_ONE_PER_NODE"] = "false"
        variables["BAI_KUBERNETES_SERVICE_ACCOUNT"] = "default"
        if let address = cluster.address {
            variables["BAI_API_LISTEN"] = "0.0.0.0:\(port)"
            variables["BAI_API_INSECURE"] = "true"
            variables["BAI_KUBERNETES_SERVER"] = "http://\(address):\(port)"
        } else {
            variables["BAI_KUBERNETES_DELIVERY"] = "log"
        }
        return variables
    }

    /// Ends the cluster of the stand-in, with everything that runs there.
    func close() async {
        await kubelet?.stop()
        await standIn?.stop()
    }

    /// What is left of attempts on the stand-in: nothing, when their runs have been seen to their end.
    var leftovers: [String] {
        guard let standIn else { return [] }
        return ["jobs", "pods", "secrets", "services"].flatMap { plural in
            standIn.objects(plural, in: PodHouse.namespace).map { object in
                "\(plural)/\(object["metadata"]?["name"]?.string ?? "")"
            }
        }
    }

    /// A port that nobody has; somebody else may take it before it is used, which nothing of this test would survive.
    private static func freePort() throws -> UInt16 {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        defer { Glibc.close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard isBound else { throw SystemError("find a free port") }
        return UInt16(bigEndian: address.sin_port)
    }
}
