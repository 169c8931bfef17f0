package import Configuration
internal import Diagnostics
internal import Glibc

extension InstallationSettings {
    package static let listen = Setting<String?>.optionalString(
        "api.listen", fallbackText: "the unix socket only",
        "HOST:PORT where the API is also served to the network, to those who have a token. Port 0 lets the system choose."
    )
    package static let tlsCertificate = Setting<String?>.optionalPath(
        "api.tls_certificate", fallbackText: "no TLS",
        "The API's certificate in PEM, followed by those that it takes to an authority. A new one is used at once."
    )
    package static let tlsKey = Setting<String?>.optionalPath(
        "api.tls_key", fallbackText: "no TLS", "The private key of api.tls_certificate.")
    package static let tokens = Setting<String?>.optionalPath(
        "api.tokens", fallbackText: "tokens in BAI_HOME",
        "The file with the users' tokens, as `baictl token create` writes it: NAME DIGEST a line.")
    package static let insecure = Setting<Bool>.boolean(
        "api.insecure", default: false,
        "Whether the API may be served beyond this machine without TLS: whoever is on the way reads every token. For where something else encrypts."
    )

    static let apiDeclarations: [SettingDeclaration] = [
        listen.declaration, tlsCertificate.declaration, tlsKey.declaration, tokens.declaration,
        insecure.declaration, keyFile.declaration,
    ]
}

/// How the API is served to the network, as the settings want it.
package struct APISettings: Sendable, Equatable {
    package var host: String
    package var port: UInt16
    /// Files of a certificate and its key; nil speaks plain HTTP.
    package var certificate: String?
    package var key: String?
    package var tokens: String
    /// Whether tokens can be read on the way.
    package var isExposed: Bool
}

extension InstallationSettings.Resolved {
    /// The file with the users' tokens.
    package func tokensFile(of installation: Installation) -> String {
        settings[InstallationSettings.tokens] ?? "\(installation.home)/tokens"
    }

    /// How the API is served to the network; nil where it is not.
    ///
    /// - Throws: every setting of `[api]` that cannot be, or must not be.
    package func api(
        of installation: Installation
    ) throws(InstallationSettings.Invalid) -> APISettings? {
        guard let listen = settings[InstallationSettings.listen] else { return nil }
        let certificate = settings[InstallationSettings.tlsCertificate]
        let key = settings[InstallationSettings.tlsKey]
        guard let place = HostAndPort(listen) else {
            throw invalid(
                "api.listen", "is \(Excerpt.quote(listen))", "HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080"
            )
        }
        if (certificate == nil) != (key == nil) {
            throw invalid(
                certificate == nil ? "api.tls_certificate" : "api.tls_key", "is missing",
                "api.tls_certificate and api.tls_key, both or neither")
        }
        let isExposed = certificate == nil && !place.isLoopback
        if isExposed, !settings[InstallationSettings.insecure] {
            throw invalid(
                "api.listen", "is \(Excerpt.quote(listen)), and there is no TLS",
                "a loopback address, or api.tls_certificate and api.tls_key, or api.insecure = true where something else encrypts"
            )
        }
        return APISettings(
            host: place.host, port: place.port, certificate: certificate, key: key,
            tokens: tokensFile(of: installation), isExposed: isExposed)
    }

    private func invalid(_ key: String, _ what: String, _ expected: String) -> InstallationSettings.Invalid {
        let problem = Problem(
            code: "invalid_setting", message: "\(key) \(what)", key: key, expected: expected)
        return InstallationSettings.Invalid(problems: [problem])
    }
}

/// `HOST:PORT`, with an IPv6 address in brackets.
struct HostAndPort: Equatable {
    var host: String
    var port: UInt16

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.allSatisfy({ !$0.isWhitespace && $0 != "/" }) else { return nil }
        (self.host, self.port) = (String(host), port)
    }

    /// Whether only this machine can connect.
    var isLoopback: Bool {
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 { return host.hasPrefix("127.") }
        return host == "localhost" || host == "::1"
    }
}
