import FoundationEssentials
import Glibc
import HTTPClient
import HTTPMessages
import Runtime
import TestSupport
import Testing

private let openssl = "/usr/bin/openssl"

/// A TLS server with a certificate of its own for `localhost`, by the openssl program.
private final class TLSServer: Sendable {
    let folder: TemporaryFolder
    let port: Int
    private let process: ChildProcess

    /// - Parameter asksForCertificate: whether clients must have a certificate.
    init(asksForCertificate: Bool = false) async throws {
        let folder = try TemporaryFolder()
        let (key, certificate) = (folder.file("key.pem"), folder.file("certificate.pem"))
        try await TLSServer.run([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
            "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
        ])
        let output = folder.file("output")
        let descriptor = open(output, O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        let verify =
            asksForCertificate ? ["-Verify", "1", "-verify_return_error", "-CAfile", certificate] : []
        process = try ChildProcess.start(
            .init(
                program: openssl,
                arguments: ["s_server", "-accept", "0", "-www", "-key", key, "-cert", certificate] + verify,
                environment: [:], standardOutput: descriptor))
        var port: Int?
        let isUp = try await eventually {
            // FoundationEssentials (6.3) leaks a buffer whenever it reads an empty file.
            let size = try FileManager.default.attributesOfItem(atPath: output)[.size] as? Int
            guard let size, size > 0 else { return false }
            let lines = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
            let line = lines.first { $0.hasPrefix("ACCEPT ") }
            port = line.flatMap { $0.split(separator: ":").last }.flatMap { Int($0) }
            return port != nil
        }
        #expect(isUp)
        self.port = try #require(port)
        self.folder = folder
    }

    deinit { kill(process.processID, SIGKILL) }

    private static func run(_ arguments: [String]) async throws {
        let process = try ChildProcess.start(.init(program: openssl, arguments: arguments, environment: [:]))
        let exit = try await process.wait().exit
        #expect(exit == .code(0))
    }

    func request(host: String = "localhost") -> HTTPRequest {
        var request = HTTPRequest(.get, "https://\(host):\(port)/")
        request.tls.authorities = folder.file("certificate.pem")
        return request
    }
}

@Suite(.enabled(if: access(openssl, X_OK) == 0, "there is no openssl program to be the server"))
struct TLSTests {
    @Test func aTrustedAuthorityIsSpokenTo() async throws {
        let server = try await TLSServer()
        #expect(try await HTTPClient().send(server.request()).status == 200)
    }

    @Test func anUnknownAuthorityIsNotSpokenTo() async throws {
        let server = try await TLSServer()
        var request = server.request()
        request.tls.authorities = nil
        let error = await failure(request)
        #expect(error?.code == .tls)
        #expect(error?.isTransient == false)
        request.tls.acceptsAnyCertificate = true
        #expect(try await HTTPClient().send(request).status == 200)
    }

    @Test func aCertificateForAnotherNameIsNotTrusted() async throws {
        let server = try await TLSServer()
        #expect(await failure(server.request(host: "127.0.0.1"))?.code == .tls)
    }

    @Test func ourCertificateIsShownWhereItIsAskedFor() async throws {
        let server = try await TLSServer(asksForCertificate: true)
        var request = server.request()
        let error = await failure(request)
        #expect(error != nil)
        request.tls.certificate = server.folder.file("certificate.pem")
        request.tls.certificateKey = server.folder.file("key.pem")
        #expect(try await HTTPClient().send(request).status == 200)
    }

    @Test func certificatesNeedNotBeInFiles() async throws {
        let server = try await TLSServer(asksForCertificate: true)
        var request = server.request()
        request.tls.authorities = nil
        request.tls.authoritiesText = SystemFile.bytes(server.folder.file("certificate.pem"))
        request.tls.certificateText = SystemFile.bytes(server.folder.file("certificate.pem"))
        request.tls.certificateKeyText = SystemFile.bytes(server.folder.file("key.pem"))
        #expect(try await HTTPClient().send(request).status == 200)
        request.tls.authoritiesText = Array("no certificate".utf8)
        let error = await failure(request)
        #expect(error?.code == .tls)
    }

    @Test func requestsThatTrustOthersDoNotShareConnections() async throws {
        let server = try await TLSServer()
        let client = HTTPClient()
        #expect(try await client.send(server.request()).status == 200)
        var request = server.request()
        request.tls.authorities = nil
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(request) }
        #expect(error?.code == .tls)
    }
}
