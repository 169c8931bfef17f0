package import JSON
package import Runtime

/// The envelope of everything on the log. Fields that this version does not know travel on unchanged.
package struct Event: Equatable, Sendable {
    /// Unique; the same where a retry repeats the message.
    package var messageID: String
    /// The run that this is about.
    package var actionID: String
    /// The schedule, suite or sweep that made the run.
    package var parentActionID: String?
    package var clientID: String
    package var clientVersion: String
    package var clientUsername: String
    /// When it was sent.
    package var tstamp: Timestamp
    /// Who handled it, oldest first.
    package var visited: [Visit]
    /// What the payload is: `EventPayload.type`.
    package var type: String
    package var payload: JSONValue
    /// Members of the envelope that this version does not know.
    package var unknown: [String: JSONValue]

    /// One service that an event passed through.
    package struct Visit: Codable, Equatable, Sendable {
        package var svc: String
        package var tstamp: Timestamp
        package var version: String
        package var node: String?

        package init(svc: String, tstamp: Timestamp, version: String, node: String? = nil) {
            self.svc = svc
            self.tstamp = tstamp
            self.version = version
            self.node = node
        }
    }

    package init(
        messageID: String, actionID: String, parentActionID: String? = nil, clientID: String,
        clientVersion: String,
        clientUsername: String, tstamp: Timestamp, visited: [Visit] = [], type: String, payload: JSONValue,
        unknown: [String: JSONValue] = [:]
    ) {
        self.messageID = messageID
        self.actionID = actionID
        self.parentActionID = parentActionID
        self.clientID = clientID
        self.clientVersion = clientVersion
        self.clientUsername = clientUsername
        self.tstamp = tstamp
        self.visited = visited
        self.type = type
        self.payload = payload
        self.unknown = unknown
    }
}

/// What an event says. Each type is one Swift struct, one `type` on the wire, and has a golden file among the tests.
package protocol EventPayload: Codable, Sendable {
    /// Which of them it is.
    static var kind: PayloadKind { get }
    /// The topic that it is published to.
    static var topic: Topic { get }
    /// Grows when the meaning of a field changes; a new optional field does not change it.
    static var version: Int { get }
}

extension EventPayload {
    /// Its name on the wire: `status_changed`.
    package static var type: String { kind.rawValue }
    package static var version: Int { 1 }
}

extension Event {
    /// Reads the payload.
    ///
    /// - Throws: a `JSONError` with the path into the event; also when the payload is of a later version than this program knows.
    package func payload<Payload: EventPayload>(as type: Payload.Type) throws(JSONError) -> Payload {
        let version = payload["v"]?.integer ?? 1
        guard version <= Payload.version else {
            throw JSONError(
                path: "payload.v",
                message:
                    "\(Payload.type) version \(version) is newer than this program's \(Payload.version): upgrade it"
            )
        }
        return try JSONCoding.decode(Payload.self, from: payload)
    }

    /// The event that follows from this one: the same run and client, everybody who handled it so far, and a payload of its own.
    ///
    /// - Parameter messageID: deterministic where the same decision may be taken twice: `<run>/executor/starting/2`.
    package func following<Payload: EventPayload>(
        _ payload: Payload, messageID: String, at time: Timestamp, by visit: Visit
    ) throws(JSONError) -> Event {
        var tree = try JSONCoding.tree(payload)
        tree["v"] = .integer(Int64(Payload.version))
        var next = self
        next.messageID = messageID
        next.tstamp = time
        next.visited = visited.filter { $0.svc != visit.svc } + [visit]
        next.type = Payload.type
        next.payload = tree
        return next
    }
}

extension Event: Codable {
    private enum Field: String, CaseIterable {
        case messageID = "message_id"
        case actionID = "action_id"
        case parentActionID = "parent_action_id"
        case clientID = "client_id"
        case clientVersion = "client_version"
        case clientUsername = "client_username"
        case tstamp, visited, type, payload
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: AnyKey.self)
        func member<Value: Decodable>(_ field: Field, _ type: Value.Type = Value.self) throws -> Value {
            try members.decode(type, forKey: AnyKey(field.rawValue))
        }
        messageID = try member(.messageID)
        actionID = try member(.actionID)
        parentActionID = try members.decodeIfPresent(
            String.self, forKey: AnyKey(Field.parentActionID.rawValue))
        clientID = try member(.clientID)
        clientVersion = try member(.clientVersion)
        clientUsername = try member(.clientUsername)
        tstamp = try member(.tstamp)
        visited = try member(.visited)
        type = try member(.type)
        payload = try member(.payload)
        let known = Set(Field.allCases.map(\.rawValue))
        unknown = [:]
        for key in members.allKeys where !known.contains(key.stringValue) {
            unknown[key.stringValue] = try members.decode(JSONValue.self, forKey: key)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: AnyKey.self)
        for (key, value) in unknown { try members.encode(value, forKey: AnyKey(key)) }
        func put(_ field: Field, _ value: some Encodable) throws {
            try members.encode(value, forKey: AnyKey(field.rawValue))
        }
        try put(.messageID, messageID)
        try put(.actionID, actionID)
        try members.encodeIfPresent(parentActionID, forKey: AnyKey(Field.parentActionID.rawValue))
        try put(.clientID, clientID)
        try put(.clientVersion, clientVersion)
        try put(.clientUsername, clientUsername)
        try put(.tstamp, tstamp)
        try put(.visited, visited)
        try put(.type, type)
        try put(.payload, payload)
    }
}
