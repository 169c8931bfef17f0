package import JSON

/// What `POST /v1/runs` takes.
package struct SubmitRequest: Codable, Equatable, Sendable {
    /// The descriptor's text.
    package var descriptor: String
    /// The name of its file, for messages.
    package var filename: String
    /// The folder that its relative paths start from, absolute; only taken from clients on the same machine.
    package var directory: String?
    /// `key=value`, as given with `--set`.
    package var overrides: [String]
    /// As given with `--script`: a folder or file that goes to the benchmark's work folder, absolute.
    package var script: String?
    /// The SHA-256 of an archive that was uploaded, which goes to the benchmark's work folder in place of `script`.
    package var upload: String?
    /// Only check; answer what would be submitted.
    package var dryRun: Bool
    package var client: Client

    /// Who asks.
    package struct Client: Codable, Equatable, Sendable {
        package var id: String
        package var version: String
        package var username: String

        package init(id: String, version: String, username: String) {
            self.id = id
            self.version = version
            self.username = username
        }
    }

    package init(
        descriptor: String, filename: String, directory: String? = nil, overrides: [String] = [],
        script: String? = nil, upload: String? = nil, dryRun: Bool = false, client: Client
    ) {
        self.descriptor = descriptor
        self.filename = filename
        self.directory = directory
        self.overrides = overrides
        self.script = script
        self.upload = upload
        self.dryRun = dryRun
        self.client = client
    }

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case descriptor, filename, directory, overrides, script, upload, client
        case dryRun = "dry_run"
    }

    /// Only `descriptor` has to be there: a request can be written by hand.
    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        descriptor = try keys.decode(String.self, forKey: .descriptor)
        filename = try keys.decodeIfPresent(String.self, forKey: .filename) ?? "descriptor.toml"
        directory = try keys.decodeIfPresent(String.self, forKey: .directory)
        overrides = try keys.decodeIfPresent([String].self, forKey: .overrides) ?? []
        script = try keys.decodeIfPresent(String.self, forKey: .script)
        upload = try keys.decodeIfPresent(String.self, forKey: .upload)
        dryRun = try keys.decodeIfPresent(Bool.self, forKey: .dryRun) ?? false
        client = try keys.decodeIfPresent(Client.self, forKey: .client) ?? .anonymous
    }
}

extension SubmitRequest.Client {
    /// Who asks without saying so.
    package static let anonymous = SubmitRequest.Client(id: "anonymous", version: "", username: "")

    package enum CodingKeys: String, CodingKey, CaseIterable { case id, version, username }

    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        let anonymous = SubmitRequest.Client.anonymous
        id = try keys.decodeIfPresent(String.self, forKey: .id) ?? anonymous.id
        version = try keys.decodeIfPresent(String.self, forKey: .version) ?? anonymous.version
        username = try keys.decodeIfPresent(String.self, forKey: .username) ?? anonymous.username
    }
}

/// What `POST /v1/runs` answers: one run, or one for each combination of the matrix.
package struct SubmitResponse: Codable, Equatable, Sendable {
    /// In the order of the matrix. Durable: each of them reaches a final status.
    package var runs: [Submitted]
    /// The id of the sweep that they belong to.
    package var sweep: String?
    /// Whether an earlier request with this idempotency key made them.
    package var isRepeated: Bool
    /// What the descriptor may, but perhaps should not say; each as `baictl validate -o json` prints it.
    package var warnings: [JSONValue]

    package struct Submitted: Codable, Equatable, Sendable {
        package var id: String
        package var name: String
        package var parameters: [String: JSONValue]

        package init(id: String, name: String, parameters: [String: JSONValue] = [:]) {
            self.id = id
            self.name = name
            self.parameters = parameters
        }
    }

    package init(
        runs: [Submitted], sweep: String? = nil, isRepeated: Bool = false, warnings: [JSONValue] = []
    ) {
        self.runs = runs
        self.sweep = sweep
        self.isRepeated = isRepeated
        self.warnings = warnings
    }

    private enum CodingKeys: String, CodingKey {
        case runs, sweep, warnings
        case isRepeated = "repeated"
    }
}

/// What `POST /v1/runs/{id}/cancel` takes; an empty body is the default.
package struct CancelRequest: Codable, Equatable, Sendable {
    package var reason: String?
    /// Kill at once instead of asking first.
    package var force: Bool

    package init(reason: String? = nil, force: Bool = false) {
        self.reason = reason
        self.force = force
    }

    package enum CodingKeys: String, CodingKey, CaseIterable { case reason, force }

    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        reason = try keys.decodeIfPresent(String.self, forKey: .reason)
        force = try keys.decodeIfPresent(Bool.self, forKey: .force) ?? false
    }
}

/// What `POST /v1/deadletters/{id}/replay` answers.
package struct ReplayResponse: Codable, Equatable, Sendable {
    /// The dead letter.
    package var id: String
    /// The topic that the record is in again.
    package var topic: String
    package var key: String
    /// Where it is there: `runs/3@1042`.
    package var position: String

    package init(id: String, topic: String, key: String, position: String) {
        self.id = id
        self.topic = topic
        self.key = key
        self.position = position
    }
}
