internal import HTTPClient
internal import HTTPMessages
internal import JSON
internal import Runtime

/// What the services of this machine say of themselves.
extension LocalStack {
    /// A service that works has the answer ready.
    private static let patience = Duration.seconds(1)

    private struct Answer: Decodable {
        var status: String
        var waiting: String?
        var damage: [String]

        enum CodingKeys: String, CodingKey {
            case status, damage
            case waiting = "waiting_for"
        }
    }

    /// What keeps services from their work, by service: those that do not answer, wait for something, or cannot read all of the log. Services
    /// that are down or well have no entry; the API says more about itself.
    package func troubles() async -> [String: [String]] {
        let client = HTTPClient()
        let running = states().filter { $0.processID != nil && $0.name != "bai-bff" }.map(\.name)
        return await withTaskGroup(of: (String, [String]).self) { group in
            for service in running { group.addTask { (service, await troubles(of: service, client)) } }
            return await group.reduce(into: [:]) { all, next in if !next.1.isEmpty { all[next.0] = next.1 } }
        }
    }

    private func troubles(of service: String, _ client: HTTPClient) async -> [String] {
        var request = HTTPRequest(
            .get, "http://localhost/health", unixSocket: installation.healthSocket(of: service))
        request.totalTimeout = LocalStack.patience
        do {
            let answer = try JSONCoding.decode(Answer.self, from: try await client.send(request).body)
            if answer.status == "silent" { return ["has stopped asking the log for work"] }
            return answer.damage + (answer.waiting.map { ["waits: \($0)"] } ?? [])
        } catch {
            return ["says nothing of its health: \(error)"]
        }
    }
}
