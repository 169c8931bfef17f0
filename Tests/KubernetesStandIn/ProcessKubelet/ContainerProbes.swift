import Glibc
import JSON
import Runtime

/// Asks a container whether it has started, is ready and lives.
struct ContainerProbes: Sendable {
    private let pod: PodProcess
    private let container: JSONValue
    private let process: ContainerProcess

    init(_ pod: PodProcess, _ container: JSONValue, _ process: ContainerProcess) {
        self.pod = pod
        self.container = container
        self.process = process
    }

    /// Asks until the task is cancelled.
    func run() async {
        let name = PodProcess.name(container)
        if let startup = container["startupProbe"] {
            await ask(startup) { isGood in
                if isGood { pod.change(name) { $0.isStarted = true } } else { process.signal(SIGKILL) }
                return !isGood
            }
            if Task.isCancelled { return }
            if container["readinessProbe"] == nil { pod.change(name) { $0.isReady = true } }
        }
        await withTaskGroup(of: Void.self) { group in
            if let readiness = container["readinessProbe"] {
                group.addTask {
                    await ask(readiness) { isGood in
                        pod.change(name) { if $0.isRunning { $0.isReady = isGood } }
                        return true
                    }
                }
            }
            if let liveness = container["livenessProbe"] {
                group.addTask {
                    await ask(liveness) { isGood in
                        guard !isGood else { return true }
                        pod.kubelet.say("Unhealthy", "Liveness probe failed", about: pod.pod)
                        process.signal(SIGTERM)
                        return false
                    }
                }
            }
        }
    }

    /// Asks at the probe's pace, and tells `judge` whenever thresholds have been reached, until it has heard enough.
    private func ask(_ probe: JSONValue, _ judge: (Bool) -> Bool) async {
        let number = { (name: String, usual: Int64) in Int(probe[name]?.integer ?? usual) }
        let period = Duration.seconds(number("periodSeconds", 10))
        var (successes, failures) = (0, 0)
        // A probe's own pace, not a wait for something.
        try? await Task.sleep(for: .seconds(number("initialDelaySeconds", 0)))
        while !Task.isCancelled {
            if await answers(probe, within: .seconds(number("timeoutSeconds", 1))) {
                (successes, failures) = (successes + 1, 0)
            } else {
                (successes, failures) = (0, failures + 1)
            }
            if Task.isCancelled { return }
            if successes >= number("successThreshold", 1), !judge(true) { return }
            if failures >= number("failureThreshold", 3), !judge(false) { return }
            // Ten times as often until it has succeeded once: tests do not wait for a kubelet's patience.
            try? await Task.sleep(for: successes == 0 ? period / 10 : period)
        }
    }

    private func answers(_ probe: JSONValue, within timeout: Duration) async -> Bool {
        if let command = probe["exec"]?["command"]?.array?.compactMap(\.string) {
            return await pod.kubelet.execute(command, in: process) == 0
        }
        guard let target = probe["httpGet"] ?? probe["tcpSocket"], let port = port(target["port"]) else {
            return false
        }
        let address = target["host"]?.string ?? pod.address
        var request: String?
        if let get = probe["httpGet"] {
            // Probes do not check certificates; those over TLS are taken for good when somebody listens.
            let isPlain = get["scheme"]?.string != "HTTPS"
            request = isPlain ? "GET \(get["path"]?.string ?? "/") HTTP/1.0\r\nHost: \(address)\r\n\r\n" : nil
        }
        return await Self.ask(address, port, request, timeout)
    }

    private func port(_ value: JSONValue?) -> UInt16? {
        if let name = value?.string {
            let port = container["ports"]?.array?.first { $0["name"]?.string == name }?["containerPort"]?
                .integer
            return port.flatMap { UInt16(exactly: $0) } ?? UInt16(name)
        }
        return value?.integer.flatMap { UInt16(exactly: $0) }
    }

    /// Whether somebody listens there, and answers a request with 200 to 399 if there is one.
    private static func ask(_ address: String, _ port: UInt16, _ request: String?, _ timeout: Duration) async
        -> Bool
    {
        await withCheckedContinuation { continuation in
            Thread.detach { continuation.resume(returning: connects(address, port, request, timeout)) }
        }
    }

    private static func connects(_ address: String, _ port: UInt16, _ request: String?, _ timeout: Duration)
        -> Bool
    {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        defer { close(connection) }
        var limit = timeval(tv_sec: Int(timeout.components.seconds), tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        target.sin_addr.s_addr = inet_addr(address)
        let isConnected = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected, let request else { return isConnected }
        var answer = [UInt8](repeating: 0, count: 12)
        guard send(connection, request, request.utf8.count, Int32(MSG_NOSIGNAL)) > 0,
            recv(connection, &answer, answer.count, Int32(MSG_WAITALL)) == answer.count
        else { return false }
        // HTTP/1.1 200
        return answer[9] == UInt8(ascii: "2") || answer[9] == UInt8(ascii: "3")
    }
}
