package import Configuration
package import Diagnostics
internal import FoundationEssentials
package import Runtime
internal import TOML

/// Everything that an installation can be told: in `bai.toml`, by environment variable, by flag.
package enum InstallationSettings {
    package static let server = Setting<String?>.optionalString(
        "server", fallbackText: "this machine's own socket",
        "The API that baictl talks to: unix:PATH or http(s)://HOST:PORT.")
    package static let logLevel = Setting<String>.choice(
        "log.level", of: LogLevel.allCases.map(\.rawValue), default: LogLevel.info.rawValue,
        "The least that services say: debug, info, warning, error.")
    package static let lease = Setting<TimeSpan>.duration(
        "log.lease", in: .seconds(1)...Duration.seconds(600), default: TimeSpan(.seconds(10)),
        "How long a service that no longer answers keeps its partitions.")
    package static let slots = Setting<Int>.integer(
        "runner.slots", in: 1...256, default: 1,
        "How many benchmarks run at a time on this machine. Neighbours disturb a measurement: more than one is for checking descriptors."
    )
    package static let clientLibrary = Setting<String?>.optionalPath(
        "runner.client_lib", variable: "BAI_CLIENT_LIB", fallbackText: "found beside the programs",
        "Where the client libraries are; local attempts get them on PYTHONPATH and PATH.")
    package static let downloads = Setting<Int>.integer(
        "fetcher.downloads", in: 1...64, default: 4, "How many data sets are fetched at a time.")
    package static let linkLocal = Setting<Bool>.boolean(
        "fetcher.link_local", default: false,
        "Whether data may come from link-local addresses, where clouds tell a machine its own credentials.")
    package static let secrets = Setting<String?>.optionalPath(
        "secrets.folder", fallbackText: "secrets/ in BAI_HOME",
        "Where the secrets are that descriptors name: a file each, readable by its owner alone.")
    package static let giveUpAfter = Setting<TimeSpan>.duration(
        "notifications.give_up_after", default: TimeSpan(.seconds(24 * 3600)),
        "How long a notice that its receiver does not take is tried again.")
    package static let token = Setting<String?>.optionalString(
        "token", isSecret: true, "The user's token that baictl sends to a server over the network.")
    package static let tokenFile = Setting<String?>.optionalPath(
        "token_file", fallbackText: "none",
        "The file with that token, readable by its owner alone.")
    package static let authorities = Setting<String?>.optionalPath(
        "ca_file", fallbackText: "the system's",
        "The certificates, in PEM, of the authorities that baictl trusts when it talks to a server over TLS.")

    static let declarations: [SettingDeclaration] =
        [
            server.declaration, token.declaration, tokenFile.declaration, authorities.declaration,
            logLevel.declaration, lease.declaration, slots.declaration,
            watchesNeighbours.declaration,
            logLimit.declaration, healthListen.declaration,
            passedVariables.declaration, clientLibrary.declaration, downloads.declaration,
            linkLocal.declaration, secrets.declaration, giveUpAfter.declaration,
        ] + apiDeclarations + clusterDeclarations + kubernetesDeclarations

    /// One of `[notifications.webhook.<name>]`.
    package struct Webhook: Sendable {
        package var name: String
        package var url: Setting<String?>
        package var secretVariable: Setting<String?>
        package var secretFile: Setting<String?>

        init(name: String) {
            self.name = name
            let table = "notifications.webhook.\(name)"
            // Whoever has the address can post to it.
            url = .optionalString(
                "\(table).url", isSecret: true, "Where alarms for webhook:\(name) are posted to.")
            secretVariable = .optionalString(
                "\(table).secret_env", "The environment variable with the secret that signs them.")
            secretFile = .optionalPath("\(table).secret_file", "The file with the secret that signs them.")
        }

        var declarations: [SettingDeclaration] {
            [url.declaration, secretVariable.declaration, secretFile.declaration]
        }
    }

    /// The settings as they are for one process.
    package struct Resolved: Sendable {
        package var settings: Settings
        /// The webhooks that bai.toml names.
        package var webhooks: [Webhook]
        /// Worth saying, but nothing that stops a program.
        package var warnings: [Problem]
    }

    /// Why the settings cannot be used: every problem at once.
    package struct Invalid: Error, CustomStringConvertible {
        package var problems: [Problem]
        package var description: String { problems.map(\.description).joined(separator: "\n\n") }
    }

    /// Reads `bai.toml` of the installation, if it is there, and resolves.
    package static func resolve(
        _ installation: Installation, environment: [String: String], flags: [SettingFlag] = []
    ) throws(Invalid) -> Resolved {
        let webhooks = webhookNames(in: installation.configurationFile).map(Webhook.init)
        let reader = SettingsReader(declarations + webhooks.flatMap(\.declarations))
        let reading = reader.read(
            path: installation.configurationFile, isRequired: false, environment: environment, flags: flags)
        guard let settings = reading.settings else { throw Invalid(problems: reading.problems) }
        return Resolved(settings: settings, webhooks: webhooks, warnings: reading.problems)
    }

    /// Webhooks have the names that the team gives them: they are declared as the file has them. What is wrong with the file, the reader says.
    private static func webhookNames(in file: String) -> [String] {
        guard let bytes = try? Data(contentsOf: URL(filePath: file)) else { return [] }
        let table = TOMLParser().parseRecovering(SourceText(name: file, bytes: Array(bytes))).table
        guard case .table(let notifications)? = table["notifications"]?.node.value,
            case .table(let webhooks)? = notifications["webhook"]?.node.value
        else { return [] }
        return webhooks.entries.map(\.key)
    }
}
