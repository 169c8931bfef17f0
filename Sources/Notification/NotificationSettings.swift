internal import FoundationEssentials

/// How teams are told: `[notifications]` of the configuration.
///
///     [notifications]
///     give_up_after = "24h"
///
///     [notifications.webhook.team]
///     url = "https://example.com/hooks/perf"
///     secret_env = "TEAM_WEBHOOK_SECRET"      # or secret_file = "/run/secrets/team"
package struct NotificationSettings: Equatable, Sendable {
    /// By the name after `webhook:`.
    package var webhooks: [String: WebhookSettings]
    /// How long a notice that is not taken is tried again.
    package var giveUpAfter: Duration

    /// A day: long enough for a receiver that is down over night.
    package static let usualPatience = Duration.seconds(24 * 3600)

    package init(webhooks: [String: WebhookSettings] = [:], giveUpAfter: Duration = usualPatience) {
        self.webhooks = webhooks
        self.giveUpAfter = giveUpAfter
    }
}

/// One of `[notifications.webhook.<name>]`.
package struct WebhookSettings: Equatable, Sendable {
    package var url: String
    /// nil: notices are not signed.
    package var secret: SecretReference?
    /// How long a receiver may take: it is to take a notice, not to work on it.
    package var deadline: Duration

    package init(url: String, secret: SecretReference? = nil, deadline: Duration = .seconds(10)) {
        self.url = url
        self.secret = secret
        self.deadline = deadline
    }
}

/// Where a secret is; the secret itself is in no configuration, event or log.
package enum SecretReference: Equatable, Sendable {
    case environment(String)
    case file(String)
}

/// Reads secrets, each time anew, so that one that was changed is used at once.
package struct SecretSource: Sendable {
    private let environment: [String: String]

    /// - Parameter environment: the process's own.
    package init(environment: [String: String]) {
        self.environment = environment
    }

    /// The secret's bytes, without the line end that editors leave at the end of files.
    ///
    /// - Parameter channel: who wants it, for the message.
    func value(of reference: SecretReference, for channel: String) throws(NotificationError) -> [UInt8] {
        switch reference {
        case .environment(let name):
            guard let value = environment[name], !value.isEmpty else {
                throw NotificationError(
                    .misconfigured, "\(channel): environment variable \(name) holds no secret")
            }
            return Array(value.utf8)
        case .file(let path):
            return try read(path, for: channel)
        }
    }

    private func read(_ path: String, for channel: String) throws(NotificationError) -> [UInt8] {
        var bytes = FileManager.default.contents(atPath: path).map(Array.init) ?? []
        while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else {
            throw NotificationError(.misconfigured, "\(channel): no secret can be read from \(path)")
        }
        return bytes
    }
}
