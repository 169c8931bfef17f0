internal import FoundationEssentials

/// Why JSON could not be read or written: the path into it and what was wrong there.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where: `payload.attempt.number`; empty for the whole text.
    package var path: String
    package var message: String

    package init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    package var description: String { path.isEmpty ? message : "\(path): \(message)" }
}

/// The one place that encodes and decodes JSON: keys sorted, slashes plain, so that equal values have equal bytes.
package enum JSONCoding {
    /// The bytes of `value`.
    package static func encode(_ value: some Encodable, pretty: Bool = false) throws(JSONError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty
            ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
        // JSON has no infinities; as words they survive the way there and back.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw JSONError(error)
        }
    }

    /// The text of `value`.
    package static func text(_ value: some Encodable, pretty: Bool = false) throws(JSONError) -> String {
        String(decoding: try encode(value, pretty: pretty), as: UTF8.self)
    }

    /// Reads a `Value`. Unknown members are ignored.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: some Sequence<UInt8>
    ) throws(JSONError) -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch {
            throw JSONError(error)
        }
    }

    /// `value` as a tree, by way of its bytes.
    package static func tree(_ value: some Encodable) throws(JSONError) -> JSONValue {
        try decode(JSONValue.self, from: encode(value))
    }

    /// A `Value` read from a tree.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from tree: JSONValue
    ) throws(JSONError) -> Value {
        try decode(type, from: encode(tree))
    }
}

extension JSONError {
    init(_ error: any Error) {
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            self.init(path: JSONError.path(context.codingPath + [key]), message: "is missing")
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            self.init(path: JSONError.path(context.codingPath), message: context.debugDescription)
        case EncodingError.invalidValue(_, let context):
            self.init(path: JSONError.path(context.codingPath), message: context.debugDescription)
        default: self.init(path: "", message: String(describing: error))
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
}
