internal import Events
internal import JSON
internal import Runtime

/// What the read model needs of an event, read in one pass from a record's bytes: building the model anew decodes every event there is.
struct TypedEvent<Payload: EventPayload>: Decodable {
    var messageID: String
    var actionID: String
    var clientID: String
    var username: String
    var time: Timestamp
    var payload: Payload

    private enum CodingKeys: String, CodingKey {
        case payload
        case messageID = "message_id"
        case actionID = "action_id"
        case clientID = "client_id"
        case username = "client_username"
        case time = "tstamp"
    }

    private struct Version: Decodable { var v: Int? }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        let version = try members.decode(Version.self, forKey: .payload).v ?? 1
        guard version <= Payload.version else {
            throw JSONError(
                path: "payload.v",
                message: "\(Payload.type) version \(version) is newer than this program's \(Payload.version)")
        }
        messageID = try members.decode(String.self, forKey: .messageID)
        actionID = try members.decode(String.self, forKey: .actionID)
        clientID = try members.decode(String.self, forKey: .clientID)
        username = try members.decode(String.self, forKey: .username)
        time = try members.decode(Timestamp.self, forKey: .time)
        payload = try members.decode(Payload.self, forKey: .payload)
    }
}

/// The type of an event, for records that do not say it in their headers.
struct EventType: Decodable { var type: String }

/// `RunSubmitted` without what only matters when a single run is looked at: the descriptor stays undecoded in its record.
struct SubmittedOutline: EventPayload {
    static let kind = RunSubmitted.kind
    static let topic = RunSubmitted.topic
    static let version = RunSubmitted.version

    var name: String
    var descriptor: Outline
    var parameters: [String: JSONValue]
    var sweep: RunSubmitted.Sweep?
    var idempotencyKey: String?
    var requestDigest: String
    var submitted: Timestamp

    struct Outline: Codable { var info: Info }

    struct Info: Codable {
        var description: String
        var labels: [String: String]?
    }

    private enum CodingKeys: String, CodingKey {
        case name, descriptor, parameters, sweep, submitted
        case idempotencyKey = "idempotency_key"
        case requestDigest = "request_digest"
    }
}
