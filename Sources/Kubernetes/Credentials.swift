internal import FoundationEssentials
package import Runtime

/// Who we are, for one request.
package struct Credential: Hashable, Sendable {
    /// What the header `Authorization` says.
    package var authorization: Secret?
    /// A client certificate and its key, as texts in PEM.
    package var certificate: String?
    package var certificateKey: Secret?

    package init(authorization: Secret? = nil, certificate: String? = nil, certificateKey: Secret? = nil) {
        self.authorization = authorization
        self.certificate = certificate
        self.certificateKey = certificateKey
    }

    /// A bearer token.
    package static func token(_ token: String) -> Credential {
        Credential(authorization: Secret("Bearer \(token)"))
    }
}

/// Where credentials come from that change while a program runs.
package protocol CredentialSource: Sendable {
    /// What to show now.
    func current() async throws(KubernetesError) -> Credential
    /// The server did not take `credential`: the next `current` gets another if it can.
    func refuse(_ credential: Credential) async
}

/// Credentials that never change.
package struct FixedCredentials: CredentialSource {
    private let credential: Credential

    package init(_ credential: Credential = Credential()) { self.credential = credential }

    package func current() async throws(KubernetesError) -> Credential { credential }
    package func refuse(_ credential: Credential) async {}
}

/// A bearer token in a file that somebody else keeps fresh: a service account's is renewed by the kubelet when four fifths of its life are over.
package actor TokenFile: CredentialSource {
    /// As long as other clients keep it: far below the shortest life of a token, ten minutes.
    private static let freshness = Duration.seconds(60)

    private let path: String
    private let rest: Credential
    private let time: any TimeSource
    private var last: (token: String, readAt: Timestamp)?

    /// - Parameter rest: what is shown beside the token.
    package init(path: String, rest: Credential = Credential(), time: any TimeSource = SystemTime()) {
        self.path = path
        self.rest = rest
        self.time = time
    }

    package func current() async throws(KubernetesError) -> Credential {
        var credential = rest
        credential.authorization = Secret("Bearer \(try token())")
        return credential
    }

    package func refuse(_ credential: Credential) async {
        last = nil
    }

    private func token() throws(KubernetesError) -> String {
        if let last, time.now - last.readAt < TokenFile.freshness { return last.token }
        guard let text = SystemFile.text(path), !text.isEmpty else {
            throw KubernetesError(
                .configuration, "read the token in \(path): the file is not there, empty or not readable")
        }
        last = (text, time.now)
        return text
    }
}

extension Timestamp {
    /// A time as the API server writes it (RFC 3339); nil for anything else. Fractions of seconds are dropped.
    package init?(kubernetesTime text: String) {
        let whole = text.split(separator: ".", maxSplits: 1)
        let plain = whole.count == 2 ? String(whole[0]) + "Z" : text
        // A fraction is followed by the zone, which Kubernetes always writes as Z; a plugin of another kind is taken at its word.
        guard let date = try? Date(plain, strategy: .iso8601) else { return nil }
        self.init(milliseconds: Int64(date.timeIntervalSince1970 * 1000))
    }

    /// As the API server reads times: whole seconds.
    var kubernetesTime: String {
        Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(.iso8601)
    }
}
