internal import HTTPClient
internal import HTTPMessages
internal import PodContract
internal import Runtime

/// Asks a server whether it is ready, as Kubernetes' own probes do.
struct Readiness {
    private let client = HTTPClient()

    /// How long one answer may take.
    private static let patience = Duration.seconds(5)

    /// Whether it answers with success, or points elsewhere.
    func isReady(_ server: PodOrder.Awaited) -> Bool {
        let path = server.path ?? "/"
        let url =
            "\(server.scheme ?? "http")://\(server.host):\(server.port)\(path.hasPrefix("/") ? path : "/" + path)"
        return FirstThread.wait { [client] in
            var request = HTTPRequest(.get, url)
            request.totalTimeout = Readiness.patience
            // Whose certificate it is does not say whether it is ready; nothing secret is sent.
            request.tls.acceptsAnyCertificate = true
            guard let response = try? await client.send(request) else { return false }
            return (200..<400).contains(response.status)
        }
    }
}
