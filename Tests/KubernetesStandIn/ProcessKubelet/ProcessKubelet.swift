import CLinux
import FoundationEssentials
import Glibc
import JSON
import Runtime

/// Runs the pods of a stand-in as processes of this machine: scheduler, kubelet and the cluster's DNS in one.
///
///     let kubelet = try ProcessKubelet(cluster, ProcessKubelet.Setup(starter: Programs.path("pod-container")) { _ in ProcessImage() })
///
/// Each container has mounts, processes and a host name of its own; the network is the machine's, and each pod has an address of it,
/// 127.x.y.z. README.md has the rules. Everything that it started ends with it, however it ends.
package final class ProcessKubelet: Sendable {
    /// A node of the cluster: a name, and labels that pods may select.
    package struct Node: Sendable {
        package var name: String
        package var labels: [String: String]

        package init(_ name: String, labels: [String: String] = [:]) {
            self.name = name
            self.labels = labels
        }

        /// With the one that every node has.
        var allLabels: [String: String] { labels.merging(["kubernetes.io/hostname": name]) { $1 } }
    }

    package struct Setup: Sendable {
        package var nodes: [Node]
        /// The path of `pod-container`.
        package var starter: String
        /// What an image has in it; nil where there is none of this name.
        package var image: @Sendable (String) -> ProcessImage?

        package init(
            starter: String, nodes: [Node] = [Node("node-1")],
            image: @escaping @Sendable (String) -> ProcessImage?
        ) {
            self.starter = starter
            self.nodes = nodes
            self.image = image
        }
    }

    private struct State {
        var pods: [String: PodProcess] = [:]
        var nextAddress = 1
        /// What each pod has been told in its hosts file.
        var names: [String: Set<String>] = [:]
        var tasks: [Task<Void, Never>] = []
        var lostNodes: Set<String> = []
        var startedPods = 0
        var failures: [String] = []
    }

    let cluster: KubernetesStandIn
    let setup: Setup
    let folder: String
    /// Closes with this process: whoever holds the other end ends then.
    let lifeline: Int32
    private let holder: Int32
    private let network: String
    private let state = Locked(State())

    /// Where persistent volumes are.
    var claims: String { "\(folder)/claims" }

    package init(_ cluster: KubernetesStandIn, _ setup: Setup) throws {
        self.cluster = cluster
        self.setup = setup
        folder = "/tmp/bai-kubelet-\(UUID().uuidString.lowercased().prefix(13))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends, O_CLOEXEC) == 0 else { throw SystemError("make a pipe") }
        (lifeline, holder) = (ends[0], ends[1])
        network = "127.\(UInt8.random(in: 1...254)).\(UInt8.random(in: 0...255))"
        for node in setup.nodes {
            try cluster.store(
                "nodes",
                [
                    "metadata": [
                        "name": .string(node.name),
                        "labels": .object(node.allLabels.mapValues { .string($0) }),
                    ],
                    "status": ["conditions": [["type": "Ready", "status": "True"]]],
                ])
        }
        cluster.play()
        let (bells, number) = cluster.listen()
        let task = Task { [weak self] in
            self?.look()
            for await _ in bells {
                guard let self, !Task.isCancelled else { break }
                self.look()
            }
            cluster.stopListening(number)
        }
        state.withLock { $0.tasks.append(task) }
    }

    /// Ends every pod, at once, and returns when no process is left.
    package func stop() async {
        let (pods, tasks) = state.withLock { state in
            defer { state.pods = [:] }
            return (state.pods.values, state.tasks)
        }
        tasks.first?.cancel()
        for pod in pods { pod.end(.silence, within: .zero) }
        for task in tasks.dropFirst() { await task.value }
        close(holder)
        close(lifeline)
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: What tests do to it

    /// A node is gone, with everything on it; nobody is told. Others mark its pods: `PodStep.loseNode`.
    package func loseNode(_ name: String) {
        let pods = state.withLock { state in
            state.lostNodes.insert(name)
            return state.pods.values.filter { $0.pod["spec"]?["nodeName"]?.string == name }
        }
        for pod in pods { pod.end(.silence, within: .zero) }
    }

    /// Sends a signal to the first process of a container; false where none runs.
    @discardableResult
    package func signal(_ signal: Int32, container: String, pod: String, in namespace: String) -> Bool {
        let process = state.withLock { state in
            state.pods.values.first { $0.key == "\(namespace)/\(pod)" }
        }?.state.withLock { $0.running[container] }
        process?.signal(signal)
        return process != nil
    }

    /// Runs a command in a container, as `kubectl exec` does; nil where it does not run.
    package func execute(
        _ command: [String], container: String, pod: String, in namespace: String
    ) async -> Int32? {
        let process = state.withLock { state in
            state.pods.values.first { $0.key == "\(namespace)/\(pod)" }
        }?.state.withLock { $0.running[container] }
        guard let process else { return nil }
        return await execute(command, in: process)
    }

    /// How many pods have processes.
    package var runningPods: Int { state.withLock { $0.pods.values.filter { !$0.isFinished }.count } }

    /// How many pods were started here.
    package var startedPods: Int { state.withLock { $0.startedPods } }

    /// The containers that ended otherwise than with 0, with the last that they printed: for who has to find out why.
    package var failures: [String] { state.withLock { $0.failures } }

    // MARK: For its pods

    func note(failure: String) { state.withLock { $0.failures.append(failure) } }

    /// Runs a command beside a container's first process, and gives its exit code.
    func execute(_ command: [String], in process: ContainerProcess) async -> Int32? {
        guard let processID = process.firstProcess else { return nil }
        let child = try? ChildProcess.start(
            ChildProcess.Setup(
                program: "nsenter",
                arguments: ["-t", "\(processID)", "-m", "-p", "-u", "-r", "-w", "--"] + command,
                environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]))
        guard case .code(let code)? = try? await child?.wait().exit else { return nil }
        return code
    }

    /// Says something about a pod, once for the same words.
    func say(_ reason: String, _ message: String, about pod: JSONValue) {
        cluster.change { state in
            let isSaid = state.cluster.collection(ProcessKubelet.event, in: pod.namespace).contains { event in
                event["involvedObject"]?["uid"]?.string == pod.uid && event["reason"]?.string == reason
                    && event["message"]?.string == message
            }
            if isSaid { return }
            state.cluster.record(reason, message, about: pod, .pod, type: "Warning", now: WallClock.nowText)
        }
    }

    private static let event = ServedKind("", "v1", "Event", "events")

    // MARK: Looking

    /// Does what there is to do, as the objects are now.
    private func look() {
        let pods = cluster.state.withLock { Array($0.cluster.objects[.pod, default: [:]].values) }
        schedule(pods)
        let known = Set(pods.map(\.uid))
        for (uid, process) in state.withLock({ $0.pods }) where !known.contains(uid) {
            process.end(.silence, within: .zero)
            state.withLock { $0.pods[uid] = nil }
        }
        for pod in pods { attend(to: pod) }
        tellNames(pods)
    }

    private func attend(to pod: JSONValue) {
        let hasEnded = ["Succeeded", "Failed"].contains(pod["status"]?["phase"]?.string ?? "")
        let (process, lost) = state.withLock { ($0.pods[pod.uid], $0.lostNodes) }
        guard let process else {
            let node = pod["spec"]?["nodeName"]?.string ?? ""
            if !hasEnded, !lost.contains(node), setup.nodes.contains(where: { $0.name == node }) {
                start(pod)
            }
            return
        }
        if process.isFinished { return }
        if hasEnded {
            // Evicted, or ended by whoever knows better.
            process.end(.silence, within: .zero)
        } else if pod.isBeingDeleted {
            let grace = pod["metadata"]?["deletionGracePeriodSeconds"]?.integer ?? 30
            if !process.isEnding { process.end(.deletion, within: .seconds(grace)) }
        }
    }

    private func start(_ pod: JSONValue) {
        let place = "\(folder)/pods/\(pod.uid)"
        do {
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            let number = state.withLock { state in
                defer { state.nextAddress = state.nextAddress % 250 + 1 }
                return state.nextAddress
            }
            let process = PodProcess(pod, self, folder: place, address: "\(network).\(number)")
            try Data("127.0.0.1 localhost\n\(process.address) \(process.hostname)\n".utf8).write(
                to: URL(filePath: process.hosts))
            state.withLock { state in
                state.pods[pod.uid] = process
                state.startedPods += 1
                state.tasks.append(Task { await process.run() })
            }
        } catch {
            say("FailedCreatePodSandBox", "\(error)", about: pod)
        }
    }

    private func schedule(_ pods: [JSONValue]) {
        let isAlive = { (pod: JSONValue) in
            !["Succeeded", "Failed"].contains(pod["status"]?["phase"]?.string ?? "")
        }
        var placed = pods.filter { $0["spec"]?["nodeName"] != nil && isAlive($0) }
        let waiting = pods.filter { $0["spec"]?["nodeName"] == nil && isAlive($0) && !$0.isBeingDeleted }
        for pod in waiting.sorted(by: { $0.uid < $1.uid }) {
            let lost = state.withLock { $0.lostNodes }
            let nodes = setup.nodes.filter { !lost.contains($0.name) }
            switch NodeScheduler(nodes: nodes, placed: placed).place(pod) {
            case .success(let node):
                var bound = pod
                bound["spec"]?["nodeName"] = .string(node)
                placed.append(bound)
                cluster.step(.schedule(node: node), pod: pod.name, in: pod.namespace ?? "")
            case .failure(let words):
                let condition = pod["status"]?["conditions"]?.array?.first { $0["type"] == "PodScheduled" }
                if condition?["message"]?.string != words.text {
                    cluster.step(.cannotSchedule(words.text), pod: pod.name, in: pod.namespace ?? "")
                }
            }
        }
    }

    // MARK: Names

    /// Writes the names that the cluster's DNS would know into the hosts file of each pod. Names stay there, also when their pods are gone.
    private func tellNames(_ pods: [JSONValue]) {
        let named = cluster.objects("services").flatMap { NamedPods($0, pods).names }
        let processes = state.withLock { $0.pods.values.filter { !$0.isFinished } }
        for process in processes {
            // Names without a namespace are those of the pod's own.
            let all = named.map { name in
                let short = name.namespace == process.pod.namespace ? name.short : []
                return ([name.address] + name.full + short).joined(separator: " ")
            }
            let new = state.withLock { state -> [String] in
                let new = all.filter { state.names[process.pod.uid, default: []].insert($0).inserted }
                return new
            }
            if !new.isEmpty { append(new, to: process.hosts) }
        }
    }

    /// Lines are added by one write, so that a reader sees all of one or nothing.
    private func append(_ lines: [String], to path: String) {
        let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        _ = write(file, bytes, bytes.count)
    }
}

/// The names that a Service gives to pods.
private struct NamedPods {
    struct Name {
        var address: String
        var namespace: String
        var full: [String]
        /// Without a namespace.
        var short: [String]
    }

    var names: [Name] = []

    init(_ service: JSONValue, _ pods: [JSONValue]) {
        let selector = service["spec"]?["selector"]?.object ?? [:]
        guard !selector.isEmpty else { return }
        let namespace = service.namespace ?? ""
        let isHeadless = service["spec"]?["clusterIP"]?.string == "None"
        let tellsAll = service["spec"]?["publishNotReadyAddresses"]?.bool == true
        for pod in pods where pod.namespace == namespace {
            let labels = pod.labels
            let isReady = pod["status"]?["conditions"]?.array?.contains {
                $0["type"] == "Ready" && $0["status"] == "True"
            }
            guard let address = pod["status"]?["podIP"]?.string, tellsAll || isReady == true,
                selector.allSatisfy({ labels[$0.key] == $0.value.string })
            else { continue }
            var short = [service.name]
            if isHeadless, pod["spec"]?["subdomain"]?.string == service.name,
                let host = pod["spec"]?["hostname"]?.string
            {
                short.insert("\(host).\(service.name)", at: 0)
            }
            let full = short.flatMap { name in
                ["svc.cluster.local", "svc"].map { "\(name).\(namespace).\($0)" } + ["\(name).\(namespace)"]
            }
            names.append(Name(address: address, namespace: namespace, full: full, short: short))
        }
    }
}
