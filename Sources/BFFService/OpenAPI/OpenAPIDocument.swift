internal import API
internal import HTTPMessages
package import JSON
internal import Runtime

/// The OpenAPI 3.1 document, made from the table that also answers requests: the two cannot differ.
package enum OpenAPIDocument {
    /// The document's bytes: `docs/openapi.json`, and what `GET /v1/openapi.json` answers.
    package static func bytes() throws(JSONError) -> [UInt8] {
        try JSONCoding.encode(document, pretty: true) + [UInt8(ascii: "\n")]
    }

    static let document: JSONValue = [
        "openapi": "3.1.0",
        "info": [
            "title": .string(Version.product), "version": "v1",
            "description": .string(
                "Submits benchmark runs, follows them, and reads what they measured. Answers are JSON; every refusal is an `Error`. "
                    + "Times are milliseconds since 1970-01-01T00:00:00Z. Where a run is asked for, its id, the beginning of one (four "
                    + "characters or more) or `latest` will do."),
        ],
        "paths": .object(paths),
        "components": [
            "schemas": .object(schemas),
            "securitySchemes": [
                "user": ["type": "http", "scheme": "bearer", "description": "a user's token"],
                "run": ["type": "http", "scheme": "bearer", "description": "the token of a run's pods"],
            ],
        ],
    ]

    private static var schemas: [String: JSONValue] {
        Dictionary(uniqueKeysWithValues: Schemas.all.map { ($0.name, $0.schema.json) })
    }

    private static var paths: [String: JSONValue] {
        var paths: [String: JSONValue] = [:]
        for operation in Operations.all {
            var item = paths[operation.path] ?? .object([:])
            item[operation.method.rawValue.lowercased()] = json(operation)
            paths[operation.path] = item
        }
        return paths
    }

    private static func json(_ operation: Operation) -> JSONValue {
        var json: JSONValue = [
            "operationId": .string(operation.name), "tags": [.string(operation.tag)],
            "summary": .string(operation.summary), "responses": .object(responses(operation)),
        ]
        switch operation.access {
        case .users: json["security"] = [["user": []]]
        case .pods: json["security"] = [["run": []]]
        case .anybody: json["security"] = [[:]]
        }
        if !operation.note.isEmpty { json["description"] = .string(operation.note) }
        let parameters = operation.pathParameters.map(pathParameter) + operation.parameters.map(parameter)
        if !parameters.isEmpty { json["parameters"] = .array(parameters) }
        if let body = operation.body {
            let type: (String, Schema?) =
                switch operation.intake {
                case .json: ("application/json", .named(body))
                case .lines: ("application/x-ndjson", nil)
                case .file: ("application/octet-stream", nil)
                }
            json["requestBody"] = ["content": content([type])]
        }
        return json
    }

    private static func pathParameter(_ name: String) -> JSONValue {
        ["name": .string(name), "in": "path", "required": true, "schema": Schema.string.json]
    }

    private static func parameter(_ parameter: Parameter) -> JSONValue {
        let schema = parameter.isRepeated ? Schema.array(parameter.schema) : parameter.schema
        return [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "description": .string(parameter.note), "schema": schema.json,
        ]
    }

    private static func responses(_ operation: Operation) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for answer in operation.answers {
            var json: JSONValue = ["description": .string(answer.note)]
            if !answer.contents.isEmpty { json["content"] = content(answer.contents) }
            responses["\(answer.status)"] = json
        }
        let usual: [APIErrorCode] =
            [.invalidRequest, .internalError, .unavailable]
            + (operation.access == .users ? [.unauthorized, .forbidden] : [])
        let codes = operation.refusals + usual.filter { !operation.refusals.contains($0) }
        let refusals = Dictionary(grouping: codes, by: \.httpStatus)
        for (status, codes) in refusals {
            let names = codes.map { "`\($0.rawValue)`" }.joined(separator: " or ")
            responses["\(status)"] = [
                "description": .string(names), "content": content([("application/json", .named("Error"))]),
            ]
        }
        return responses
    }

    private static func content(_ types: [(type: String, schema: Schema?)]) -> JSONValue {
        var content: [String: JSONValue] = [:]
        for (type, schema) in types { content[type] = ["schema": (schema ?? .string).json] }
        return .object(content)
    }
}
