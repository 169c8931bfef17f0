package import HTTPServer
internal import HTTPMessages
internal import JSON
package import Runtime

/// What a service answers about itself on a socket of its own: `GET /health`, `GET /live` and `GET /metrics`.
///
/// A service that waits for something else is not healthy, but it lives: only one that hangs has to be started again.
package struct HealthEndpoint: Sendable {
    private let health: ServiceHealth
    private let address: ServerAddress
    private let time: any TimeSource

    package init(of health: ServiceHealth, at address: ServerAddress, time: any TimeSource) {
        self.health = health
        self.address = address
        self.time = time
    }

    /// Serves until the task is cancelled. A service works without it: where it cannot listen, the log says so and nothing else happens.
    package func run(output: StructuredLog) async {
        var limits = ServerLimits()
        limits.connections = 16
        do {
            let server = try HTTPServer.start(at: address, limits: limits) { [router] in
                await router.answer($0)
            }
            await server.run(grace: .seconds(1))
        } catch {
            output.warning("health cannot be served", ["error": error.message])
        }
    }

    package var router: Router {
        Router(
            [
                Route(.get, "/health") { _, _ in
                    let report = self.report
                    return try .json(report, status: report.status == "ok" ? 200 : 503)
                },
                Route(.get, "/live") { _, _ in
                    let report = self.report
                    return try .json(report, status: report.status == "silent" ? 503 : 200)
                },
                Route(.get, "/metrics") { _, _ in .text(self.metrics) },
            ],
            onError: { error, _ in .error(500, code: "internal_error", message: "\(error)") })
    }

    private struct Report: Encodable {
        var service: String
        var status: String
        var waitingFor: String?
        var damage: [String]
        var sinceLastPoll: Double?

        enum CodingKeys: String, CodingKey {
            case service, status, damage
            case waitingFor = "waiting_for"
            case sinceLastPoll = "seconds_since_last_poll"
        }
    }

    /// A loop that has not asked the log for as long as this hangs.
    private static let longestSilence = Duration.seconds(60)

    private var report: Report {
        let snapshot = health.snapshot
        let silence = snapshot.lastPoll.map { time.now - $0 }
        let isSilent = silence.map { $0 > HealthEndpoint.longestSilence } ?? false
        return Report(
            service: snapshot.service,
            status: isSilent
                ? "silent"
                : snapshot.waitingFor != nil ? "waiting" : snapshot.damage.isEmpty ? "ok" : "damaged",
            waitingFor: snapshot.waitingFor, damage: snapshot.damage, sinceLastPoll: silence?.inSeconds)
    }

    /// Counters in the text format that Prometheus reads.
    private var metrics: String {
        let snapshot = health.snapshot
        let rows: [(String, String, Int)] = [
            ("bai_records_handled_total", "records decided and committed", snapshot.recordsHandled),
            ("bai_records_buried_total", "records that became dead letters", snapshot.recordsBuried),
            ("bai_failures_total", "tries that failed and were made again", snapshot.failures),
            (
                "bai_waiting", "1 while work waits for something to recover",
                snapshot.waitingFor == nil ? 0 : 1
            ),
            ("bai_damaged", "places where the log cannot be read on", snapshot.damage.count),
        ]
        return rows.map { name, help, value in
            "# HELP \(name) \(help)\n# TYPE \(name) \(name.hasSuffix("_total") ? "counter" : "gauge")\n"
                + "\(name){service=\"\(snapshot.service)\"} \(value)\n"
        }.joined() + Traffic.process.text
    }
}
