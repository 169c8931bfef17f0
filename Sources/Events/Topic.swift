/// The topics of the message log: what is in each, who writes it and who reads it is told in docs/messages.md.
package enum Topic: String, Sendable, CaseIterable, Codable {
    case runs, commands, fetched, jobs, status, metrics, logs, results, alarms, deadletter

    /// The compacted topic that holds what `service` has in hand, by key.
    package static func state(of service: String) -> String { "state.\(service)" }
}
