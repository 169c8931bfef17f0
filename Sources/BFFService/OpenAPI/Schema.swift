internal import JSON

/// The shape of a JSON value, as an OpenAPI 3.1 document says it.
indirect enum Schema: Sendable, Equatable {
    case string
    /// Milliseconds since 1970-01-01T00:00:00Z.
    case timestamp
    case integer
    case number
    case boolean
    /// Any JSON value.
    case any
    case oneOf([String])
    case array(Schema)
    /// An object whose keys are not known beforehand.
    case map(Schema)
    case object([Member])
    /// One of the schemas that have a name.
    case named(String)

    /// One member of an object.
    struct Member: Sendable, Equatable {
        var name: String
        var schema: Schema
        var isRequired: Bool
        var note: String

        init(_ name: String, _ schema: Schema, isRequired: Bool = true, _ note: String = "") {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
            self.note = note
        }

        /// A member that may be missing.
        static func optional(_ name: String, _ schema: Schema, _ note: String = "") -> Member {
            Member(name, schema, isRequired: false, note)
        }
    }

    /// The schema as the document has it.
    var json: JSONValue {
        switch self {
        case .string: ["type": "string"]
        case .timestamp:
            ["type": "integer", "format": "int64", "description": "milliseconds since 1970-01-01T00:00:00Z"]
        case .integer: ["type": "integer", "format": "int64"]
        case .number: ["type": "number"]
        case .boolean: ["type": "boolean"]
        case .any: [:]
        case .oneOf(let values): ["type": "string", "enum": .array(values.map(JSONValue.string))]
        case .array(let item): ["type": "array", "items": item.json]
        case .map(let value): ["type": "object", "additionalProperties": value.json]
        case .named(let name): ["$ref": .string("#/components/schemas/\(name)")]
        case .object(let members): Schema.object(members)
        }
    }

    private static func object(_ members: [Member]) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        for member in members {
            var json = member.schema.json
            if !member.note.isEmpty { json["description"] = .string(member.note) }
            properties[member.name] = json
        }
        var object: JSONValue = ["type": "object", "properties": .object(properties)]
        let required = members.filter(\.isRequired).map(\.name)
        if !required.isEmpty { object["required"] = .array(required.map(JSONValue.string)) }
        return object
    }
}
