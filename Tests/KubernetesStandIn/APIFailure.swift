import HTTPMessages
import HTTPServer
import JSON

/// A refusal, as the body of kind Status says it.
struct APIFailure: Error {
    var code: Int
    var reason: String
    var message: String
    var details: JSONValue?
    var retryAfter: Int?
    /// For an expired continue token: one that goes on without consistency.
    var continueToken: String?

    var status: JSONValue {
        var metadata: JSONValue = [:]
        metadata["continue"] = continueToken.map { .string($0) }
        var status: JSONValue = [
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": .string(message), "code": .integer(Int64(code)),
        ]
        if !reason.isEmpty { status["reason"] = .string(reason) }
        status["details"] = details
        return status
    }

    var response: ServerResponse {
        var response = ServerResponse(
            status: code, headers: ["Content-Type": "application/json"], body: .bytes(status.bytes))
        if let retryAfter { response.headers["Retry-After"] = "\(retryAfter)" }
        return response
    }

    // MARK: The usual ones

    static let unauthorized = APIFailure(code: 401, reason: "Unauthorized", message: "Unauthorized")

    static func badRequest(_ message: String) -> APIFailure {
        APIFailure(code: 400, reason: "BadRequest", message: message)
    }

    static func notFound(_ kind: ServedKind, _ name: String) -> APIFailure {
        APIFailure(
            code: 404, reason: "NotFound", message: "\(kind.resource) \"\(name)\" not found",
            details: about(kind, name))
    }

    static func alreadyExists(_ kind: ServedKind, _ name: String) -> APIFailure {
        APIFailure(
            code: 409, reason: "AlreadyExists", message: "\(kind.resource) \"\(name)\" already exists",
            details: about(kind, name))
    }

    static func conflict(_ kind: ServedKind, _ name: String, _ words: String) -> APIFailure {
        APIFailure(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(kind.resource) \"\(name)\": \(words)",
            details: about(kind, name))
    }

    static func stale(_ kind: ServedKind, _ name: String) -> APIFailure {
        conflict(
            kind, name,
            "the object has been modified; please apply your changes to the latest version and try again")
    }

    static func expired(_ message: String) -> APIFailure {
        APIFailure(code: 410, reason: "Expired", message: message)
    }

    static func invalid(_ kind: ServedKind, _ name: String, _ mistakes: [FieldMistake]) -> APIFailure {
        let words = mistakes.map { "\($0.field): \($0.message)" }
        let list = words.count == 1 ? words[0] : "[\(words.joined(separator: ", "))]"
        var details = about(kind, name, asKind: true)
        details["causes"] = .array(mistakes.map(\.cause))
        return APIFailure(
            code: 422, reason: "Invalid", message: "\(kind.qualifiedKind) \"\(name)\" is invalid: \(list)",
            details: details)
    }

    static func forbidden(_ kind: ServedKind, _ name: String, _ words: String) -> APIFailure {
        let object = name.isEmpty ? kind.resource : "\(kind.resource) \"\(name)\""
        return APIFailure(
            code: 403, reason: "Forbidden", message: "\(object) is forbidden: \(words)",
            details: about(kind, name))
    }

    private static func about(_ kind: ServedKind, _ name: String, asKind: Bool = false) -> JSONValue {
        var details: JSONValue = ["kind": .string(asKind ? kind.kind : kind.plural)]
        if !name.isEmpty { details["name"] = .string(name) }
        if !kind.group.isEmpty { details["group"] = .string(kind.group) }
        return details
    }
}

/// One thing that is wrong with one field, in the server's words.
struct FieldMistake: Hashable {
    var field: String
    var reason: String
    var message: String

    var cause: JSONValue {
        ["reason": .string(reason), "message": .string(message), "field": .string(field)]
    }

    static func required(_ field: String, _ words: String = "") -> FieldMistake {
        FieldMistake(
            field: field, reason: "FieldValueRequired",
            message: "Required value" + (words.isEmpty ? "" : ": \(words)"))
    }

    static func invalid(_ field: String, _ value: JSONValue, _ words: String) -> FieldMistake {
        FieldMistake(
            field: field, reason: "FieldValueInvalid", message: "Invalid value: \(quoted(value)): \(words)")
    }

    static func notSupported(_ field: String, _ value: JSONValue, _ known: [String]) -> FieldMistake {
        FieldMistake(
            field: field, reason: "FieldValueNotSupported",
            message: "Unsupported value: \(quoted(value)): supported values: "
                + known.map { "\"\($0)\"" }.joined(separator: ", "))
    }

    static func forbidden(_ field: String, _ words: String) -> FieldMistake {
        FieldMistake(field: field, reason: "FieldValueForbidden", message: "Forbidden: \(words)")
    }

    static func duplicate(_ field: String, _ value: JSONValue) -> FieldMistake {
        FieldMistake(
            field: field, reason: "FieldValueDuplicate", message: "Duplicate value: \(quoted(value))")
    }

    static func tooLong(_ field: String, _ most: Int) -> FieldMistake {
        FieldMistake(
            field: field, reason: "FieldValueTooLong", message: "Too long: may not be more than \(most) bytes"
        )
    }

    static func notFound(_ field: String, _ value: JSONValue) -> FieldMistake {
        FieldMistake(field: field, reason: "FieldValueNotFound", message: "Not found: \(quoted(value))")
    }

    private static func quoted(_ value: JSONValue) -> String { String(decoding: value.bytes, as: UTF8.self) }
}
