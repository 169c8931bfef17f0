import FoundationEssentials
import Glibc
import JSON
import Runtime

/// One pod on a node of the stand-in, from its binding to its end, as processes of this machine.
final class PodProcess: Sendable {
    /// Why a pod is ended before its containers are through.
    enum Cause: Sendable {
        /// It was deleted.
        case deletion
        case deadline
        /// Nobody knows of it any more, or its node is lost: nothing is reported.
        case silence
    }

    struct State {
        var containers: [String: ContainerState] = [:]
        var running: [String: ContainerProcess] = [:]
        var cause: Cause?
        var killAt: ContinuousClock.Instant?
        /// Sidecars that have been told to end.
        var released: Set<String> = []
        var isFinished = false
    }

    let kubelet: ProcessKubelet
    let pod: JSONValue
    let folder: String
    let address: String
    let state = Locked(State())

    var key: String { "\(pod.namespace ?? "")/\(pod.name)" }

    init(_ pod: JSONValue, _ kubelet: ProcessKubelet, folder: String, address: String) {
        self.pod = pod
        self.kubelet = kubelet
        self.folder = folder
        self.address = address
        let isFirst = containers(initial: true).isEmpty
        state.withLock { state in
            for name in (containers(initial: true) + containers(initial: false)).map(PodProcess.name) {
                state.containers[name] = ContainerState(
                    waiting: isFirst || name == containers(initial: true).first.map(PodProcess.name)
                        ? "ContainerCreating" : "PodInitializing")
            }
        }
    }

    func containers(initial: Bool) -> [JSONValue] {
        pod["spec"]?[initial ? "initContainers" : "containers"]?.array ?? []
    }

    static func name(_ container: JSONValue) -> String { container["name"]?.string ?? "" }

    static func isSidecar(_ container: JSONValue) -> Bool { container["restartPolicy"] == "Always" }

    private var restartPolicy: String { pod["spec"]?["restartPolicy"]?.string ?? "Always" }
    var isEnding: Bool { state.withLock { $0.cause != nil } }
    var isFinished: Bool { state.withLock { $0.isFinished } }

    // MARK: Life

    /// Runs the pod to its end.
    func run() async {
        publish()
        let deadline = pod["spec"]?["activeDeadlineSeconds"]?.integer.map { limit in
            Task {
                // The deadline itself, not a wait for something.
                try await Task.sleep(for: .seconds(limit))
                end(.deadline, within: grace)
            }
        }
        if let volumes = await volumes() { await live(volumes) }
        deadline?.cancel()
        finish()
    }

    /// How long containers have to end.
    var grace: Duration { .seconds(pod["spec"]?["terminationGracePeriodSeconds"]?.integer ?? 30) }

    private func live(_ volumes: PodVolumes) async {
        await withTaskGroup(of: Void.self) { group in
            var isInitialized = true
            for container in containers(initial: true) where isInitialized && !isEnding {
                if PodProcess.isSidecar(container) {
                    group.addTask { await self.keep(container, volumes, restarts: { _ in true }) }
                    await until {
                        self.state.withLock { $0.containers[PodProcess.name(container)]?.isStarted == true }
                    }
                } else {
                    isInitialized = await initialize(container, volumes)
                }
            }
            if isInitialized, !isEnding { await work(volumes) }
            await releaseSidecars()
            await group.waitForAll()
        }
    }

    /// Runs an init container until it succeeds, or fails where it may not be started again.
    private func initialize(_ container: JSONValue, _ volumes: PodVolumes) async -> Bool {
        await keep(container, volumes) { $0 != 0 && self.restartPolicy != "Never" }
        return state.withLock { $0.containers[PodProcess.name(container)]?.exitCode == 0 }
    }

    /// Runs the main containers, together, until each has ended for good.
    private func work(_ volumes: PodVolumes) async {
        await withTaskGroup(of: Void.self) { group in
            for container in containers(initial: false) {
                group.addTask {
                    await self.keep(container, volumes) { exitCode in
                        self.restartPolicy == "Always" || (self.restartPolicy == "OnFailure" && exitCode != 0)
                    }
                }
            }
        }
    }

    /// Starts a container, and starts it again as long as `restarts` says so of its exit code.
    private func keep(
        _ container: JSONValue, _ volumes: PodVolumes, restarts: (Int32) -> Bool
    ) async {
        let name = PodProcess.name(container)
        var restart = 0
        while true {
            guard let exitCode = await runOnce(container, volumes, restart: restart) else { return }
            if isReleased(name) || !restarts(exitCode) { return }
            restart += 1
            // The first time at once, then after growing waits; a real kubelet's begin with ten seconds.
            if restart > 1 {
                change(name) { $0.wait("CrashLoopBackOff", "back-off restarting failed container \(name)") }
                await pause(.milliseconds(50 << min(restart, 6)), name)
            }
            if isReleased(name) { return }
        }
    }

    private func isReleased(_ name: String) -> Bool {
        state.withLock { state in
            state.released.contains(name) || (state.cause != nil && !isSidecar(named: name))
        }
    }

    private func isSidecar(named name: String) -> Bool {
        containers(initial: true).contains { PodProcess.name($0) == name && PodProcess.isSidecar($0) }
    }

    /// Ends the sidecars, the last one first.
    private func releaseSidecars() async {
        let deadline = state.withLock { $0.killAt } ?? .now + grace
        for name in containers(initial: true).filter(PodProcess.isSidecar).map(PodProcess.name).reversed() {
            let process = state.withLock { state in
                state.released.insert(name)
                return state.running[name]
            }
            process?.signal(SIGTERM)
            // However late it is, each has two seconds.
            await until(by: max(deadline, .now + .seconds(2))) {
                self.state.withLock { $0.running[name] == nil }
            }
            state.withLock { $0.running[name] }?.signal(SIGKILL)
        }
    }

    // MARK: The end

    /// Ends the pod: SIGTERM for what works, then SIGKILL; sidecars afterwards. The first cause stands, the shortest grace counts.
    func end(_ cause: Cause, within grace: Duration) {
        let killAt = ContinuousClock.now + grace
        let told = state.withLock { state -> [ContainerProcess] in
            let isFirst = state.cause == nil
            if isFirst || cause == .silence { state.cause = cause }
            state.killAt = min(state.killAt ?? killAt, killAt)
            return isFirst ? state.running.filter { !isSidecar(named: $0.key) }.map(\.value) : []
        }
        for process in told { process.signal(SIGTERM) }
        Task {
            // The grace itself, not a wait for something.
            try? await Task.sleep(for: grace)
            for (name, process) in state.withLock({ $0.running })
            where cause == .silence || !isSidecar(named: name) {
                process.signal(SIGKILL)
            }
        }
    }

    private func finish() {
        state.withLock { $0.isFinished = true }
        publish()
        if state.withLock({ $0.cause }) == .deletion {
            kubelet.cluster.step(.stopped, pod: pod.name, in: pod.namespace ?? "")
        }
        // What a test may still look at goes with the kubelet.
    }

    // MARK: Waiting

    /// Asks until `condition` holds, the pod is ended or the time is over.
    private func until(by deadline: ContinuousClock.Instant? = nil, _ condition: () -> Bool) async {
        while !condition(), deadline.map({ $0 > .now }) ?? !isEnding {
            // A kubelet looks, too; its own pace is a second.
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Waits before a container is tried again, not longer than it is wanted.
    func pause(_ duration: Duration, _ name: String) async {
        await until(by: .now + duration) { self.isReleased(name) }
    }

    /// Makes the volumes; says what is missing as long as something is. nil when the pod is ended before.
    private func volumes() async -> PodVolumes? {
        while !isEnding {
            do throws(PodVolumes.Failure) {
                return try PodVolumes(pod, in: folder, claims: kubelet.claims, find: find)
            } catch {
                kubelet.say("FailedMount", error.message, about: pod)
                await pause(.milliseconds(100), "")
            }
        }
        return nil
    }

    /// Reads a Secret or a ConfigMap of the pod's namespace.
    func find(_ plural: String, _ name: String) -> JSONValue? {
        kubelet.cluster.object(plural, pod.namespace, name)
    }
}
