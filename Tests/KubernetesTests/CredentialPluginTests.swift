import FoundationEssentials
import Kubernetes
import Runtime
import TestSupport
import Testing

@Suite struct CredentialPluginTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A program that notes each start, and prints `output`.
    private func plugin(
        _ output: String, exit: Int = 0, time: any TimeSource = SystemTime(),
        _ adjust: (inout CredentialPlugin.Setup) -> Void = { _ in }
    ) throws -> CredentialPlugin {
        let script = try folder.write(
            "plugin",
            "#!/bin/sh\necho start >> '\(folder.file("starts"))'\necho \"$KUBERNETES_EXEC_INFO $EXTRA\" > '\(folder.file("told"))'\ncat '\(folder.file("output"))'\nexit \(exit)\n"
        )
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
        try folder.write("output", output)
        var setup = CredentialPlugin.Setup(apiVersion: "client.authentication.k8s.io/v1", command: script)
        adjust(&setup)
        return CredentialPlugin(setup, time: time)
    }

    private var starts: Int {
        ((try? String(contentsOfFile: folder.file("starts"), encoding: .utf8)) ?? "").split(separator: "\n")
            .count
    }

    private func credential(_ status: String) -> String {
        "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":\(status)}"
    }

    @Test func aProgramsTokenIsUsedUntilItExpires() async throws {
        let time = ManualTime()
        let plugin = try plugin(
            credential("{\"token\":\"t\",\"expirationTimestamp\":\"2023-11-14T22:23:20Z\"}"), time: time)
        #expect(try await plugin.current() == .token("t"))
        #expect(try await plugin.current() == .token("t"))
        #expect(starts == 1)
        // Ten minutes after the time that stands still, less a margin.
        time.advance(by: .seconds(595))
        _ = try await plugin.current()
        #expect(starts == 2)
    }

    @Test func manyRequestsAtOnceStartOneProgram() async throws {
        let plugin = try plugin(credential("{\"token\":\"t\"}"))
        await withTaskGroup { group in
            for _ in 0..<20 { group.addTask { _ = try? await plugin.current() } }
        }
        #expect(starts == 1)
    }

    @Test func refusedCredentialsAreFetchedAnew() async throws {
        let plugin = try plugin(credential("{\"token\":\"t\"}"))
        await plugin.refuse(try await plugin.current())
        _ = try await plugin.current()
        #expect(starts == 2)
    }

    @Test func aProgramMayPrintACertificate() async throws {
        let plugin = try plugin(credential("{\"clientCertificateData\":\"C\",\"clientKeyData\":\"K\"}"))
        let credential = try await plugin.current()
        #expect(credential.certificate == "C")
        #expect(credential.certificateKey == Secret("K"))
    }

    @Test func theProgramIsToldWhatTheKubeconfigSays() async throws {
        let plugin = try plugin(credential("{\"token\":\"t\"}")) { setup in
            setup.environment = ["EXTRA": "more"]
            setup.cluster = "{\"server\":\"https://x\"}"
        }
        _ = try await plugin.current()
        let told = try String(contentsOfFile: folder.file("told"), encoding: .utf8)
        #expect(
            told
                == "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"spec\":{\"cluster\":{\"server\":\"https://x\"},\"interactive\":false}} more\n"
        )
    }

    @Test(arguments: [
        ("token secret-7", 0, "no ExecCredential"), ("{}", 0, "no ExecCredential"),
        (
            "{\"kind\":\"ExecCredential\",\"apiVersion\":\"v9\",\"status\":{\"token\":\"secret-7\"}}", 0,
            "another version"
        ),
        (
            "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{}}",
            0,
            "neither a token nor a certificate"
        ),
        (
            "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"clientKeyData\":\"secret-7\"}}",
            0, "without its certificate"
        ),
        ("secret-7", 3, "it failed"),
    ])
    func whatAProgramDoesWrongIsSaidWithoutItsOutput(output: String, exit: Int, words: String) async throws {
        let plugin = try plugin(output, exit: exit)
        let error = await failure { _ = try await plugin.current() }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "nothing")")
        #expect(error?.message.contains("secret-7") == false)
    }

    @Test func aProgramThatIsNotThereIsSaidWithTheHint() async throws {
        var setup = CredentialPlugin.Setup(
            apiVersion: "client.authentication.k8s.io/v1", command: "no-such-program-here")
        setup.installHint = "install it from example.org"
        let plugin = CredentialPlugin(setup)
        let error = await failure { _ = try await plugin.current() }
        #expect(error?.message.contains("install it from example.org") == true)
    }
}
