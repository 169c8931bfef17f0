internal import Glibc
internal import JSON
package import Runtime

/// A program that prints credentials (client.authentication.k8s.io), run again when they expire or are refused.
package actor CredentialPlugin: CredentialSource {
    /// What the kubeconfig says about the program.
    package struct Setup: Sendable {
        package var apiVersion: String
        package var command: String
        package var arguments: [String] = []
        package var environment: [String: String] = [:]
        /// Printed when the program is not there.
        package var installHint: String?
        /// The `spec.cluster` that the program is told, where it asks for it.
        package var cluster: String?
        package var interactiveMode = "IfAvailable"

        package init(apiVersion: String, command: String) {
            self.apiVersion = apiVersion
            self.command = command
        }
    }

    /// Not right at their end: a request takes time to arrive.
    private static let margin = Duration.seconds(10)
    private static let patience = Duration.seconds(60)
    private static let mostOutput = 1024 * 1024

    private struct Held {
        var credential: Credential
        var expires: Timestamp?
    }

    private let setup: Setup
    private let rest: Credential
    private let time: any TimeSource
    private var held: Held?
    private var running: Task<Result<Held, KubernetesError>, Never>?

    /// - Parameter rest: what is shown beside what the program prints.
    package init(_ setup: Setup, rest: Credential = Credential(), time: any TimeSource = SystemTime()) {
        self.setup = setup
        self.rest = rest
        self.time = time
    }

    package func current() async throws(KubernetesError) -> Credential {
        if let held, held.expires.map({ time.now + CredentialPlugin.margin < $0 }) ?? true {
            return held.credential
        }
        // Many requests may come for credentials at once: one program runs for all of them.
        let task = running ?? Task { await self.run() }
        running = task
        let result = await task.value
        running = nil
        let fresh = try result.get()
        held = fresh
        return fresh.credential
    }

    package func refuse(_ credential: Credential) async {
        // Somebody else may have been refused with the same and have got others since.
        if held?.credential == credential { held = nil }
    }

    private func run() async -> Result<Held, KubernetesError> {
        do {
            return .success(try parse(try await output()))
        } catch {
            return .failure(error)
        }
    }

    // MARK: The program

    private func output() async throws(KubernetesError) -> [UInt8] {
        guard setup.interactiveMode != "Always" else {
            throw failure("it wants to ask a person (interactiveMode: Always), and there is none")
        }
        do {
            let pipe = try Pipe()
            var environment = CredentialPlugin.inheritedEnvironment()
            environment.merge(setup.environment) { $1 }
            environment["KUBERNETES_EXEC_INFO"] = information
            // What it says on standard error is for the person, as with kubectl; it never becomes part of a message of ours.
            let child = try ChildProcess.start(
                .init(
                    program: setup.command, arguments: setup.arguments, environment: environment,
                    standardOutput: pipe.writing, standardError: STDERR_FILENO, group: .own))
            pipe.closeWriting()
            let output = await CredentialPlugin.read(pipe.reading, until: .now + CredentialPlugin.patience)
            if output == nil { kill(-child.processID, SIGKILL) }
            let exit = try await child.wait().exit
            guard let output else { throw failure("it did not end within \(CredentialPlugin.patience)") }
            guard exit == .code(0) else { throw failure("it failed (\(exit))") }
            return output
        } catch let error as SystemError {
            throw failure("\(error)" + (setup.installHint.map { "; \($0)" } ?? ""))
        } catch let error as KubernetesError {
            throw error
        } catch {
            throw failure("\(error)")
        }
    }

    /// All that comes from a pipe, read on a thread of its own; nil when it does not end in time, or is far too much.
    private static func read(_ descriptor: Int32, until deadline: ContinuousClock.Instant) async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            Thread.detach {
                var bytes: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 16 * 1024)
                while ContinuousClock.now < deadline, bytes.count <= mostOutput {
                    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                    let rest = ContinuousClock.now.duration(to: deadline).wholeMilliseconds
                    guard poll(&entry, 1, Int32(clamping: max(rest, 1))) > 0 else { continue }
                    let count = Glibc.read(descriptor, &chunk, chunk.count)
                    if count == 0 { return continuation.resume(returning: bytes) }
                    if count > 0 { bytes += chunk[..<count] }
                }
                continuation.resume(returning: nil)
            }
        }
    }

    private static func inheritedEnvironment() -> [String: String] {
        var environment: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { environment[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return environment
    }

    /// What the program is told (`KUBERNETES_EXEC_INFO`).
    private var information: String {
        var specification: JSONValue = ["interactive": false]
        if let cluster = setup.cluster, let tree = try? JSONValue(parsing: cluster.utf8) {
            specification["cluster"] = tree
        }
        let value: JSONValue = [
            "apiVersion": .string(setup.apiVersion), "kind": "ExecCredential", "spec": specification,
        ]
        return String(decoding: value.bytes, as: UTF8.self)
    }

    // MARK: What it prints

    private func parse(_ output: [UInt8]) throws(KubernetesError) -> Held {
        // The output itself is in no message: it is a secret.
        guard let tree = try? JSONValue(parsing: output), tree["kind"]?.string == "ExecCredential" else {
            throw failure("it printed no ExecCredential in JSON")
        }
        guard tree["apiVersion"]?.string == setup.apiVersion else {
            throw failure(
                "it answered in another version than \(setup.apiVersion), which the kubeconfig asks for")
        }
        let status = tree["status"]
        var credential = rest
        if let token = status?["token"]?.string, !token.isEmpty {
            credential.authorization = Secret("Bearer \(token)")
        }
        let certificate = status?["clientCertificateData"]?.string
        let key = status?["clientKeyData"]?.string
        guard (certificate == nil) == (key == nil) else {
            throw failure("it printed a certificate without its key, or a key without its certificate")
        }
        if let certificate, let key {
            credential.certificate = certificate
            credential.certificateKey = Secret(key)
        }
        guard credential != rest else { throw failure("it printed neither a token nor a certificate") }
        return Held(credential: credential, expires: try expiry(status))
    }

    private func expiry(_ status: JSONValue?) throws(KubernetesError) -> Timestamp? {
        guard let text = status?["expirationTimestamp"]?.string else { return nil }
        guard let time = Timestamp(kubernetesTime: text) else {
            throw failure("its expirationTimestamp is no time such as 2026-01-31T12:00:00Z")
        }
        return time
    }

    private func failure(_ words: String) -> KubernetesError {
        KubernetesError(.configuration, "get credentials from the program \(setup.command): \(words)")
    }
}
