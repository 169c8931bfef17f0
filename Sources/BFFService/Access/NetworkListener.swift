package import Access
internal import FoundationEssentials
package import HTTPServer
internal import Runtime

/// Where and how the API is served to the network, beside its unix socket.
package struct NetworkListener: Sendable {
    package var address: ServerAddress
    /// Certificate and key; nil speaks plain HTTP, which is for loopback.
    package var identity: IdentityFiles?
    /// The file with the users' tokens; nil lets no user in.
    package var tokens: String?
    /// By which run tokens are known.
    package var key: InstallationKey

    package init(
        address: ServerAddress, identity: IdentityFiles? = nil, tokens: String? = nil, key: InstallationKey
    ) {
        self.address = address
        self.identity = identity
        self.tokens = tokens
        self.key = key
    }
}

/// The files of a server's certificate and key. Whoever renews them replaces them; nobody has to be told.
package struct IdentityFiles: Sendable, Equatable {
    package var certificate: String
    package var key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// What is in them now.
    func read() throws(NetworkListenerError) -> TLSIdentity {
        TLSIdentity(certificate: try bytes(of: certificate), key: try bytes(of: key))
    }

    private func bytes(of path: String) throws(NetworkListenerError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw NetworkListenerError(message: "\(path) cannot be read: it is needed for TLS")
        }
    }
}

/// Why the API is not served to the network.
package struct NetworkListenerError: Error, Equatable, Sendable, CustomStringConvertible {
    package var message: String
    package var description: String { message }
}

/// Shows a renewed certificate to new connections.
struct IdentityWatch: Sendable {
    /// Certificates are renewed days before they expire.
    private static let pause = Duration.seconds(5)

    let files: IdentityFiles
    let server: HTTPServer
    let output: StructuredLog

    /// Watches until the task is cancelled.
    ///
    /// - Parameter first: what the server was started with.
    func run(from first: TLSIdentity, pause: Duration = IdentityWatch.pause) async throws {
        var last = first
        while !Task.isCancelled {
            try await Task.sleep(for: pause)
            // Unreadable for a moment is what replacing a file looks like.
            guard let now = try? files.read(), now != last else { continue }
            last = now
            do throws(HTTPServerError) {
                try server.replace(now)
                output.info("certificate replaced", ["file": files.certificate])
            } catch {
                // Perhaps only one of the two files is new: the next look sees the other.
                output.warning("the certificate stays as it was", ["error": error.message])
            }
        }
    }
}
