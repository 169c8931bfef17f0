import FoundationEssentials
import Glibc
import JSON
import Runtime

extension PodProcess {
    /// Runs a container once, and gives its exit code; nil when the pod is ended before it could start.
    func runOnce(_ container: JSONValue, _ volumes: PodVolumes, restart: Int) async -> Int32? {
        let name = PodProcess.name(container)
        guard let image = await image(of: container) else { return nil }
        let log = ContainerLog(kubelet.cluster, "\(key)/\(name)", restart: restart)
        let message = "\(folder)/messages/\(name)-\(restart)"
        prepare(message)
        let process: ContainerProcess
        do {
            guard let plan = try await plan(container, image, volumes, message: message) else { return nil }
            process = try await ContainerProcess(
                plan, starter: kubelet.setup.starter, lifeline: kubelet.lifeline,
                planFile: "\(folder)/plan-\(name)-\(restart)"
            ) { log.append($0) }
        } catch {
            log.end()
            let words = (error as? ContainerProcess.StartFailure)?.message ?? "\(error)"
            change(name) { state in
                state.restarts = Int64(restart)
                state.end(128, reason: "StartError", message: words, WallClock.nowText)
            }
            return 128
        }
        return await follow(process, container, log, message: message, restart: restart)
    }

    /// From the start to the end of a container's process.
    private func follow(
        _ process: ContainerProcess, _ container: JSONValue, _ log: ContainerLog, message: String,
        restart: Int
    ) async -> Int32 {
        let name = PodProcess.name(container)
        let isLate = state.withLock { state in
            state.running[name] = process
            // It was told to end while it was started.
            return state.cause != nil || state.released.contains(name)
        }
        change(name) { state in
            state.restarts = Int64(restart)
            state.run(WallClock.nowText, id: "stand-in://\(pod.uid)-\(name)-\(restart)")
            state.isStarted = container["startupProbe"] == nil
            state.isReady = state.isStarted && container["readinessProbe"] == nil
        }
        if isLate { process.signal(state.withLock { $0.cause == .silence } ? SIGKILL : SIGTERM) }
        let probes = Task { await ContainerProbes(self, container, process).run() }
        let exitCode = await process.wait()
        probes.cancel()
        log.end()
        let words = PodProcess.message(container, file: message, exitCode, log)
        state.withLock { $0.running[name] = nil }
        if exitCode != 0 {
            kubelet.note(failure: "\(key)/\(name) ended with \(exitCode): \(log.lastWords)\(words)")
        }
        change(name) { state in
            state.end(
                exitCode, reason: exitCode == 0 ? "Completed" : "Error", message: words, WallClock.nowText)
        }
        return exitCode
    }

    // MARK: Before the start

    /// The container's image, when it is there; says why not as long as it is not.
    private func image(of container: JSONValue) async -> ProcessImage? {
        let (name, image) = (PodProcess.name(container), container["image"]?.string ?? "")
        var tries = 0
        while !isEnding {
            if image.isEmpty || image.contains(" ") || image != image.lowercased() {
                let words =
                    "Failed to apply default image tag \"\(image)\": couldn't parse image name: invalid reference format"
                change(name) { $0.wait("InvalidImageName", words) }
                kubelet.say("InspectFailed", words, about: pod)
            } else if let found = kubelet.setup.image(image) {
                return found
            } else if container["imagePullPolicy"] == "Never" {
                let words = "Container image \"\(image)\" is not present with pull policy of Never"
                change(name) { $0.wait("ErrImageNeverPull", words) }
                kubelet.say("ErrImageNeverPull", words, about: pod)
            } else {
                let words = "failed to pull and unpack image \"\(image)\": not found"
                let backOff = "Back-off pulling image \"\(image)\""
                change(name) { state in
                    state.wait(tries == 0 ? "ErrImagePull" : "ImagePullBackOff", tries == 0 ? words : backOff)
                }
                kubelet.say("Failed", "Failed to pull image \"\(image)\": \(words)", about: pod)
            }
            tries += 1
            await pause(.milliseconds(100), name)
        }
        return nil
    }

    /// What the container is made of; says what is missing as long as something is. nil when the pod is ended before.
    private func plan(
        _ container: JSONValue, _ image: ProcessImage, _ volumes: PodVolumes, message: String
    ) async throws -> ContainerPlan? {
        let name = PodProcess.name(container)
        while !isEnding {
            do {
                var current = pod
                current["status"]?["podIP"] = .string(address)
                let environment = try PodEnvironment(container, of: current, find: find)
                let rights = ContainerRights(container, pod, image)
                if let refusal = rights.refusal { throw PodEnvironment.Failure(message: refusal) }
                return try plan(container, image, volumes, environment, rights, message: message)
            } catch let error as PodEnvironment.Failure {
                change(name) { $0.wait("CreateContainerConfigError", error.message) }
                kubelet.say("Failed", "Error: \(error.message)", about: pod)
                await pause(.milliseconds(100), name)
            }
        }
        return nil
    }

    private func plan(
        _ container: JSONValue, _ image: ProcessImage, _ volumes: PodVolumes, _ environment: PodEnvironment,
        _ rights: ContainerRights, message: String
    ) throws -> ContainerPlan {
        let root = "\(folder)/roots/\(PodProcess.name(container))"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        var plan = ContainerPlan(user: rights.user, group: rights.group, root: root)
        plan.addSystem()
        for content in image.contents {
            plan.bind(content.source, at: content.place, isWritable: content.isWritable)
        }
        try addPodFiles(to: &plan)
        let mounts = (container["volumeMounts"]?.array ?? []).map { mount in
            (place: mount["mountPath"]?.string ?? "", mount: mount)
        }
        // What is deeper comes later, or it would be hidden.
        for (place, mount) in mounts.sorted(by: { $0.place.utf8.count < $1.place.utf8.count }) {
            let isWritable = mount["readOnly"]?.bool != true
            plan.bind(try volumes.source(of: mount), at: place, isWritable: isWritable)
        }
        plan.bind(
            message, at: container["terminationMessagePath"]?.string ?? "/dev/termination-log",
            isWritable: true)
        let folder = container["workingDir"]?.string ?? "/"
        plan.add("folder", root + (folder == "/" ? "/tmp" : folder), folder == "/" ? "1777" : "755")
        plan.add("enter", root)
        plan.add("name", hostname)
        rights.add(to: &plan)
        plan.add("in", folder)
        addCommand(container, image, environment, to: &plan)
        return plan
    }

    private func addCommand(
        _ container: JSONValue, _ image: ProcessImage, _ environment: PodEnvironment,
        to plan: inout ContainerPlan
    ) {
        var variables = image.variables.merging(environment.variables) { $1 }
        variables["HOSTNAME"] = hostname
        variables["HOME"] = variables["HOME"] ?? "/"
        variables["KUBERNETES_SERVICE_HOST"] = "127.0.0.1"
        variables["KUBERNETES_SERVICE_PORT"] = "\(kubelet.cluster.port)"
        for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
            plan.add("variable", "\(name)=\(value)")
        }
        let texts = { (key: String) in
            container[key]?.array.map { $0.compactMap(\.string).map(environment.expand) }
        }
        let command = texts("command") ?? []
        let words =
            command.isEmpty
            ? image.entrypoint + (texts("args") ?? image.arguments) : command + (texts("args") ?? [])
        for word in words { plan.add("argument", word) }
    }

    /// The name that the pod gives itself.
    var hostname: String { String((pod["spec"]?["hostname"]?.string ?? pod.name).prefix(63)) }

    /// What the kubelet writes for all of a pod's containers.
    private func addPodFiles(to plan: inout ContainerPlan) throws {
        let resolver = "\(folder)/resolv.conf"
        // Nobody answers there: what is not in the hosts file is known at once not to be known.
        try Data("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n".utf8).write(
            to: URL(filePath: resolver))
        let name = "\(folder)/hostname"
        try Data("\(hostname)\n".utf8).write(to: URL(filePath: name))
        plan.bind(hosts, at: "/etc/hosts")
        // The system's may be links to places that the container does not have.
        for (source, place) in [(resolver, "/etc/resolv.conf"), (name, "/etc/hostname")]
        where (try? FileManager.default.destinationOfSymbolicLink(atPath: place)) == nil {
            plan.bind(source, at: place)
        }
        let shared = "\(folder)/shm"
        try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: true)
        chmod(shared, 0o1777)
        plan.bind(shared, at: "/dev/shm", isWritable: true)
    }

    /// The pod's `/etc/hosts`.
    var hosts: String { "\(folder)/hosts" }

    // MARK: After the end

    private func prepare(_ message: String) {
        let folder = message.prefix(upTo: message.lastIndex(of: "/") ?? message.endIndex)
        try? FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
        try? Data().write(to: URL(filePath: message))
        chmod(message, 0o666)
    }

    /// The container's last words: its own, or the end of what it printed where it asked for that.
    private static func message(
        _ container: JSONValue, file: String, _ exitCode: Int32, _ log: ContainerLog
    ) -> String {
        let own = (try? Data(contentsOf: URL(filePath: file))) ?? Data()
        if own.isEmpty, exitCode != 0, container["terminationMessagePolicy"] == "FallbackToLogsOnError" {
            return log.lastWords
        }
        return String(decoding: own.prefix(4096), as: UTF8.self)
    }
}
