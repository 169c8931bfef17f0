internal import CTOML
internal import Diagnostics

/// Copies a parsed document into Swift values.
///
/// Recursion is safe: the scanner let nothing through that is deeper than the limit.
final class TOMLTreeBuilder {
    private let text: SourceText
    /// For lines with characters beyond ASCII: the column in characters of each code point.
    private var columns: [Int: [Int]?] = [:]

    init(_ text: SourceText) { self.text = text }

    func table(_ node: OpaquePointer?) -> TOMLTable {
        var entries: [TOMLEntry] = []
        visit(node) { key, position, child in entries.append(TOMLEntry(key, at: position, child)) }
        // The parser keeps keys in the order of the alphabet; people read them in the order of the text.
        entries.sort { $0.keyPosition < $1.keyPosition }
        return TOMLTable(entries)
    }

    private func array(_ node: OpaquePointer?) -> [TOMLNode] {
        var nodes: [TOMLNode] = []
        visit(node) { _, _, child in nodes.append(child) }
        return nodes
    }

    private func value(_ node: OpaquePointer?) -> TOMLValue {
        switch ctoml_node_kind(node) {
        case CTOML_TABLE: .table(table(node))
        case CTOML_ARRAY: .array(array(node))
        case CTOML_INTEGER: .integer(ctoml_integer(node))
        case CTOML_FLOAT: .float(ctoml_float(node))
        case CTOML_BOOLEAN: .boolean(ctoml_boolean(node))
        case CTOML_DATE: .date(date(node))
        default: .string(string(node))
        }
    }

    private func string(_ node: OpaquePointer?) -> String {
        var length = 0
        guard let characters = ctoml_string(node, &length) else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: characters, count: length), as: UTF8.self)
    }

    private func date(_ node: OpaquePointer?) -> String {
        // The longest is 35 characters: 1979-05-27T00:32:00.999999999-07:00.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let length = ctoml_date(node, buffer.baseAddress, buffer.count)
            return String(decoding: UnsafeRawBufferPointer(buffer).prefix(length), as: UTF8.self)
        }
    }

    // MARK: - Children

    private typealias Visit = (String, SourcePosition, TOMLNode) -> Void

    /// What the visitor is given to work with; it lives on the stack of `visit`.
    private final class Visitor {
        let builder: TOMLTreeBuilder
        let visit: Visit

        init(_ builder: TOMLTreeBuilder, _ visit: @escaping Visit) {
            self.builder = builder
            self.visit = visit
        }
    }

    private func visit(_ node: OpaquePointer?, _ visit: (String, SourcePosition, TOMLNode) -> Void) {
        withoutActuallyEscaping(visit) { visit in
            let visitor = Visitor(self, visit)
            withExtendedLifetime(visitor) {
                // Not retained: the call is over before `visitor` is.
                ctoml_visit(node, Unmanaged.passUnretained(visitor).toOpaque()) {
                    context, key, length, place, child in
                    guard let context else { return }
                    let visitor = Unmanaged<Visitor>.fromOpaque(context).takeUnretainedValue()
                    let name = key.map {
                        String(decoding: UnsafeRawBufferPointer(start: $0, count: length), as: UTF8.self)
                    }
                    let builder = visitor.builder
                    let position = builder.position(ctoml_node_position(child))
                    visitor.visit(
                        name ?? "", builder.position(place), TOMLNode(builder.value(child), at: position))
                }
            }
        }
    }

    // MARK: - Positions

    /// The parser counts code points; people count characters.
    func position(_ place: ctoml_position) -> SourcePosition {
        let line = Int(place.line)
        let column = Int(place.column)
        if columns[line] == nil { columns[line] = .some(TOMLTreeBuilder.columns(of: text, line: line)) }
        guard let map = columns[line] ?? nil else {
            // The end of the text is one column farther right for the parser, which counts the line end before it.
            return SourcePosition(line: line, column: min(column, text.lineBytes(line).count + 1))
        }
        let last = (map.last ?? 0) + 1
        return SourcePosition(line: line, column: column <= map.count ? map[max(0, column - 1)] : last)
    }

    /// Nil where both are the same.
    private static func columns(of text: SourceText, line: Int) -> [Int]? {
        let bytes = text.lineBytes(line)
        guard !bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        var columns: [Int] = []
        var characters = String(decoding: bytes, as: UTF8.self)
        // The parser does not count a byte order mark either.
        if line == 1, characters.unicodeScalars.first == "\u{FEFF}" {
            characters.unicodeScalars.removeFirst()
        }
        for (index, character) in characters.enumerated() {
            columns += repeatElement(index + 1, count: character.unicodeScalars.count)
        }
        return columns
    }
}
