internal import FoundationEssentials
internal import Runtime

/// Certificates of a test's own, made with openssl: an authority, and servers that it vouches for.
package struct Certificates: Sendable {
    /// A server's certificate and key, as files in PEM.
    package struct Server: Sendable {
        package var certificate: String
        package var key: String
    }

    private let folder: TemporaryFolder
    /// The authority's certificate: whoever trusts it trusts the servers.
    package var authority: String { folder.file("ca.pem") }

    /// Makes an authority in `folder`.
    package init(in folder: TemporaryFolder) async throws {
        self.folder = folder
        try await openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2",
            "-subj", "/CN=test authority", "-keyout", folder.file("ca.key"), "-out", authority)
    }

    /// A certificate for this machine's loopback.
    ///
    /// - Parameter name: of the files; another one makes another certificate.
    package func server(_ name: String = "server") async throws -> Server {
        let server = Server(certificate: folder.file("\(name).pem"), key: folder.file("\(name).key"))
        let extensions = try folder.write(
            "\(name).ext", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        try await openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=\(name)",
            "-keyout", server.key, "-out", folder.file("\(name).csr"))
        try await openssl(
            "x509", "-req", "-in", folder.file("\(name).csr"), "-CA", authority, "-CAkey",
            folder.file("ca.key"),
            "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", server.certificate)
        return server
    }

    private func openssl(_ arguments: String...) async throws {
        let output = try await Programs.run(
            "/usr/bin/openssl", arguments, environment: ["PATH": "/usr/bin:/bin", "HOME": folder.path])
        guard output.succeeded else {
            throw SystemError("openssl \(arguments.joined(separator: " ")): \(output.standardError)", code: 0)
        }
    }
}

/// All bytes of a file.
package func bytes(of path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }
