package import HTTPClient
package import Runtime

/// The channels of an installation, by the names that descriptors use: `log`, `webhook:team`.
package struct NotificationChannels: Sendable {
    private let log: LogChannel
    private let webhooks: [String: WebhookChannel]

    package init(
        _ settings: NotificationSettings, secrets: SecretSource, output: StructuredLog,
        client: HTTPClient = HTTPClient(), time: any TimeSource = SystemTime()
    ) {
        log = LogChannel(output: output)
        var webhooks: [String: WebhookChannel] = [:]
        for (name, webhook) in settings.webhooks {
            webhooks[name] = WebhookChannel(
                name: "webhook:\(name)", settings: webhook, secrets: secrets, client: client, time: time)
        }
        self.webhooks = webhooks
    }

    /// The channel that a descriptor's word names.
    package func channel(_ word: String) throws(NotificationError) -> any NotificationChannel {
        let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch (parts.first.map(String.init) ?? "", parts.count == 2 ? String(parts[1]) : nil) {
        case ("log", nil):
            return log
        case ("webhook", let name?):
            guard let webhook = webhooks[name] else {
                throw NotificationError(
                    .unknownChannel,
                    "\(word): no such webhook; set notifications.webhook.\(name).url in bai.toml")
            }
            return webhook
        default:
            throw NotificationError(
                .unknownChannel, "\(word): no channel of this kind; there are log and webhook:NAME")
        }
    }

    /// Delivers by the channel that a descriptor's word names.
    package func deliver(_ notice: AlarmNotice, to word: String) async throws(NotificationError) {
        try await channel(word).deliver(notice)
    }
}
