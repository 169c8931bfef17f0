import Configuration
import Deployment
import Notification
import Runtime

extension ServiceContext {
    /// How teams are told: `[notifications]` of the installation's settings.
    var notificationSettings: NotificationSettings {
        let values = settings.settings
        var webhooks: [String: WebhookSettings] = [:]
        for webhook in settings.webhooks {
            // Without an address it is as if it were not there; an alarm that names it says which setting is missing.
            guard let url = values[webhook.url] else { continue }
            let secret =
                values[webhook.secretVariable].map(SecretReference.environment)
                ?? values[webhook.secretFile].map(SecretReference.file)
            webhooks[webhook.name] = WebhookSettings(url: url, secret: secret)
        }
        return NotificationSettings(
            webhooks: webhooks, giveUpAfter: values[InstallationSettings.giveUpAfter].duration)
    }

    /// The channels of the installation.
    func channels(_ settings: NotificationSettings) -> NotificationChannels {
        NotificationChannels(
            settings, secrets: SecretSource(environment: environment), output: output, time: time)
    }
}
