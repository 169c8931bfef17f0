package import Configuration
package import Events
internal import HTTPClient
package import JobRunner
package import MetricStore
package import ObjectStore
package import Runtime

extension InstallationSettings {
    package static let logLimit = Setting<ByteSize>.size(
        "runner.log_limit", default: .mebibytes(64), "How much of what an attempt prints is kept.")
    package static let watchesNeighbours = Setting<Bool>.boolean(
        "runner.watch_neighbours", default: true,
        "Whether numbers that were measured while other programs kept the machine busy are not valid.")
    package static let passedVariables = Setting<[String]>.list(
        "runner.pass", default: LocalSettings.usualVariables,
        "Variables of the services' own environment that benchmarks get. Everything else a descriptor has to say."
    )
}

/// The embedded default's parts, as the settings want them.
extension ServiceContext {
    /// Runs attempts as processes of this machine.
    package var localRunner: LocalRunner {
        var local = LocalSettings(environment: environment, programs: ProgramFolder.path)
        local.messageLog = installation.logFile
        local.clientLibrary = settings.settings[InstallationSettings.clientLibrary] ?? local.clientLibrary
        local.logLimit = settings.settings[InstallationSettings.logLimit]
        local.watchesNeighbours = settings.settings[InstallationSettings.watchesNeighbours]
        local.passedVariables = settings.settings[InstallationSettings.passedVariables]
        local.secrets = secrets
        return LocalRunner(
            attempts: installation.attempts, agent: ProgramFolder.program("bai-agent"),
            environment: agentEnvironment,
            settings: local, time: time)
    }

    /// What descriptors may name as `${secret.NAME}`.
    package var secrets: SecretFolder {
        SecretFolder(settings.settings[InstallationSettings.secrets] ?? installation.secrets)
    }

    /// How many benchmarks may run at a time.
    package var slotCount: Int { settings.settings[InstallationSettings.slots] }

    /// The machine's slots: shared by everybody who uses this installation.
    package var localSlots: LocalSlots { LocalSlots(folder: installation.slots, count: slotCount) }

    /// Metrics, lines and results in one SQLite file.
    package func openStore() throws(MetricStoreError) -> SQLiteMetricStore {
        try SQLiteMetricStore(path: installation.storeFile)
    }

    private var agentEnvironment: [String: String] {
        environment.merging(["BAI_HOME": installation.home, "BAI_CLOCK": installation.clock]) { $1 }
    }
}

extension ServiceContext {
    /// Fetched contents in a folder.
    package func openObjects() async throws(ObjectStoreError) -> FolderStore {
        var wanted = FolderStore.Settings()
        wanted.fetches = settings.settings[InstallationSettings.downloads]
        let reach: Reach =
            settings.settings[InstallationSettings.linkLocal] ? .anywhere : .notLinkLocal
        return try await FolderStore.open(
            installation.objects, client: HTTPClient(reach: reach), time: time, settings: wanted)
    }
}

/// Where fetched contents are on this machine.
package enum LocalContents {
    /// Finds contents in `store`, by their SHA-256. One that is gone is a failed start: the run is told to fetch it again.
    package static func locator(
        in store: any ObjectStore
    ) -> @Sendable ([FetchedContent]) async throws(JobRunnerError) -> [String: String] {
        { contents async throws(JobRunnerError) in
            var places: [String: String] = [:]
            for content in contents {
                let object = StoredObject(
                    kind: content.kind == .file ? .file : .directory, sha256: content.sha256,
                    size: content.size)
                do throws(ObjectStoreError) {
                    places[content.sha256] = try await store.location(of: object)
                } catch {
                    throw JobRunnerError(
                        Reason(error.code.rawValue), error.message, isTransient: error.isTransient)
                }
            }
            return places
        }
    }
}
