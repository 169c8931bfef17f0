internal import CYAML
internal import Glibc
package import JSON

/// Why a text is no YAML of ours, and where: lines and columns count from 1.
package struct YAMLError: Error, Equatable, Sendable, CustomStringConvertible {
    package var line: Int
    package var column: Int
    package var message: String

    package var description: String { "\(line):\(column): \(message)" }
}

extension YAML {
    /// The documents of a text, as values of YAML 1.2's core schema: `yes` is a text, `0x1f` a number, keys are texts.
    ///
    /// Aliases are refused where they multiply what is there beyond any honest use.
    package static func documents(in text: [UInt8]) throws(YAMLError) -> [JSONValue] {
        let parser = YAMLParser(text: text)
        var documents: [JSONValue] = []
        while let document = try parser.nextDocument() { documents.append(document) }
        return documents
    }
}

/// libyaml's parser over a text in memory.
final class YAMLParser {
    /// Values in one text, those that aliases repeat included.
    private static let mostValues = 1_000_000
    private static let mostDepth = 100

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>
    private var anchors: [String: (value: JSONValue, size: Int)] = [:]
    private var values = 0

    init(text source: [UInt8]) {
        text = .allocate(capacity: max(source.count, 1))
        _ = text.update(fromContentsOf: source)
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        let isReady = yaml_parser_initialize(parser)
        precondition(
            isReady == 1, "libyaml has no memory for a parser: nor has anything else in this process")
        yaml_parser_set_input_string(parser, text.baseAddress, source.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        text.deallocate()
    }

    /// The next document's value; nil at the end.
    func nextDocument() throws(YAMLError) -> JSONValue? {
        while true {
            var event = try nextEvent()
            defer { yaml_event_delete(&event) }
            switch event.type {
            case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return nil
            case YAML_DOCUMENT_START_EVENT:
                anchors = [:]
                return try value()
            default: continue
            }
        }
    }

    private func nextEvent() throws(YAMLError) -> yaml_event_t {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else {
            let problem = parser.pointee.problem.map { String(cString: $0) } ?? "no memory"
            throw error(problem, at: parser.pointee.problem_mark)
        }
        return event
    }

    /// The value that begins with the next event.
    private func value() throws(YAMLError) -> JSONValue {
        var event = try nextEvent()
        defer { yaml_event_delete(&event) }
        return try value(from: event, depth: YAMLParser.mostDepth)
    }

    private func value(from event: yaml_event_t, depth: Int) throws(YAMLError) -> JSONValue {
        guard depth > 0 else { throw error("too deeply nested", at: event.start_mark) }
        let before = values
        try count(1, at: event.start_mark)
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nil
            return remember(
                isPlain ? CoreSchema.value(of: text) : .string(text), scalar.anchor, since: before)
        case YAML_SEQUENCE_START_EVENT:
            let anchor = event.data.sequence_start.anchor
            return remember(try sequence(depth: depth - 1), anchor, since: before)
        case YAML_MAPPING_START_EVENT:
            let anchor = event.data.mapping_start.anchor
            return remember(try mapping(depth: depth - 1), anchor, since: before)
        case YAML_ALIAS_EVENT: return try aliased(event)
        default: throw error("a value is missing", at: event.start_mark)
        }
    }

    private func sequence(depth: Int) throws(YAMLError) -> JSONValue {
        var values: [JSONValue] = []
        while true {
            var event = try nextEvent()
            defer { yaml_event_delete(&event) }
            if event.type == YAML_SEQUENCE_END_EVENT { return .array(values) }
            values.append(try value(from: event, depth: depth))
        }
    }

    private func mapping(depth: Int) throws(YAMLError) -> JSONValue {
        var members: [String: JSONValue] = [:]
        while true {
            var event = try nextEvent()
            defer { yaml_event_delete(&event) }
            if event.type == YAML_MAPPING_END_EVENT { return .object(members) }
            guard event.type == YAML_SCALAR_EVENT else {
                throw error("a key must be a text", at: event.start_mark)
            }
            let scalar = event.data.scalar
            let key = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            guard members[key] == nil else {
                throw error("the key '\(key)' is there twice", at: event.start_mark)
            }
            var next = try nextEvent()
            defer { yaml_event_delete(&next) }
            members[key] = try value(from: next, depth: depth)
        }
    }

    private func remember(
        _ value: JSONValue, _ anchor: UnsafeMutablePointer<yaml_char_t>?, since before: Int
    ) -> JSONValue {
        if let anchor { anchors[name(anchor)] = (value, values - before) }
        return value
    }

    private func aliased(_ event: yaml_event_t) throws(YAMLError) -> JSONValue {
        guard let anchor = event.data.alias.anchor, let target = anchors[name(anchor)] else {
            throw error("there is no anchor of this name before it", at: event.start_mark)
        }
        try count(target.size, at: event.start_mark)
        return target.value
    }

    private func count(_ more: Int, at mark: yaml_mark_t) throws(YAMLError) {
        values += more
        guard values <= YAMLParser.mostValues else {
            throw error(
                "more than \(YAMLParser.mostValues) values, those repeated by aliases included", at: mark)
        }
    }

    private func name(_ characters: UnsafeMutablePointer<yaml_char_t>) -> String {
        String(
            decoding: UnsafeBufferPointer(
                start: characters,
                count: strlen(UnsafeRawPointer(characters).assumingMemoryBound(to: CChar.self))),
            as: UTF8.self)
    }

    private func error(_ message: String, at mark: yaml_mark_t) -> YAMLError {
        YAMLError(line: mark.line + 1, column: mark.column + 1, message: message)
    }
}

/// What a scalar without quotes stands for (YAML 1.2.2, 10.3.2).
private enum CoreSchema {
    static func value(of text: String) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .number(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
        default: return number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> JSONValue? {
        if text.hasPrefix("0x") { return Int64(text.dropFirst(2), radix: 16).map { .integer($0) } }
        if text.hasPrefix("0o") { return Int64(text.dropFirst(2), radix: 8).map { .integer($0) } }
        // Swift's own reading of numbers knows `nan`, `infinity` and hexadecimal fractions, which are texts here.
        let isNumeric = text.utf8.allSatisfy { "+-.0123456789eE".utf8.contains($0) }
        guard isNumeric, text.utf8.contains(where: { (48...57).contains($0) }) else { return nil }
        if let value = Int64(text) { return .integer(value) }
        return Double(text).map { .number($0) }
    }
}
