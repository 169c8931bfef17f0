package import JSON
internal import Runtime

/// The JSON schema (draft 2020-12) of a descriptor, made from the table of keys; for editors, and for whoever writes descriptors by program.
///
/// It says what can be said about each key by itself. Rules that look at several keys, cron expressions, time zones and regular
/// expressions are checked by `DescriptorReader` only.
package enum DescriptorSchema {
    /// The schema.
    package static var document: JSONValue {
        var schema = object(DescriptorKeys.all)
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["$id"] = "urn:benchmark-ai:descriptor:0.1.0"
        schema["title"] = "Benchmark descriptor"
        schema["description"] =
            "What a benchmark is, what it needs, how it is measured and when somebody wants to hear about it."
        return schema
    }

    private static func object(_ keys: [DescriptorKey]) -> JSONValue {
        var schema: JSONValue = ["type": "object", "additionalProperties": false]
        schema["properties"] = .object(
            Dictionary(keys.map { ($0.name, property($0)) }, uniquingKeysWith: { $1 }))
        let required = keys.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { schema["required"] = .array(required) }
        return schema
    }

    private static func property(_ key: DescriptorKey) -> JSONValue {
        var schema = self.schema(key.kind)
        schema["description"] = .string(key.about)
        if let fallback = key.fallback { schema["default"] = fallback }
        return schema
    }

    private static func schema(_ kind: KeyKind) -> JSONValue {
        switch kind {
        case .text(let rule): text(rule)
        case .integer(let range):
            ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
        case .number: ["type": "number"]
        case .boolean: ["type": "boolean"]
        case .duration:
            ["type": "string", "pattern": #"^([0-9]+(\.[0-9]+)?(w|d|h|m|s|ms))+$"#, "examples": ["30m"]]
        case .size:
            [
                "type": "string", "pattern": #"^[0-9]+(\.[0-9]+)?([kKMGT]?B|[KMGT]iB?|[kMGT])$"#,
                "examples": ["10GB"],
            ]
        case .percentage: ["type": "string", "pattern": #"^[0-9]+(\.[0-9]+)?%$"#, "examples": ["5%"]]
        case .choice(let words, let ignoringCase): choice(words, ignoringCase)
        case .list(let element, let count):
            [
                "type": "array", "items": schema(element), "minItems": .integer(Int64(count.lowerBound)),
                "maxItems": .integer(Int64(count.upperBound)),
            ]
        case .table(let keys): object(keys)
        case .tables(let keys): ["type": "array", "items": object(keys)]
        case .texts(let key, let value, let limit):
            [
                "type": "object", "propertyNames": text(key, mayRefer: false),
                "additionalProperties": text(value),
                "maxProperties": .integer(Int64(limit)),
            ]
        case .anything: ["type": "object"]
        case .matrix: matrix
        }
    }

    /// - Parameter mayRefer: whether a sweep's reference may stand in the string; what it has to look like is known when the value does.
    private static func text(_ rule: TextRule, mayRefer: Bool = true) -> JSONValue {
        var schema: JSONValue = ["type": "string"]
        if let pattern = rule.schemaPattern {
            schema["pattern"] = .string(pattern + (mayRefer ? "|\\$\\{matrix\\." : ""))
        }
        return schema
    }

    private static func choice(_ words: [String], _ ignoringCase: Bool) -> JSONValue {
        guard ignoringCase else { return ["enum": .array(words.map(JSONValue.string))] }
        let letters = words.map { word in
            word.map { "[\($0.uppercased())\($0.lowercased())]" }.joined()
        }
        return ["type": "string", "pattern": .string("^(\(letters.joined(separator: "|")))$")]
    }

    private static var matrix: JSONValue {
        let scalar: JSONValue = ["type": ["string", "number", "boolean"]]
        let rows: JSONValue = [
            "type": "array", "maxItems": .integer(Int64(MatrixExpansion.rowLimit)),
            "items": ["type": "object", "additionalProperties": scalar],
        ]
        return [
            "type": "object", "properties": ["include": rows, "exclude": rows],
            "additionalProperties": ["type": "array", "items": scalar, "minItems": 1],
        ]
    }
}
