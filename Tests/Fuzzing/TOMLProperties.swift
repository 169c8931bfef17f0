internal import Diagnostics
internal import TOML

/// A TOML text is read, or refused at a place within it; what was read and written down again is the same.
enum TOMLProperties {
    static func check(_ bytes: [UInt8]) throws(Violation) {
        let text = SourceText(name: "t.toml", bytes: bytes)
        let (_, errors) = TOMLParser().parseRecovering(text)
        for error in errors { try check(error.position, in: text) }
        let table: TOMLTable
        do throws(TOMLError) {
            table = try TOMLParser().parse(text)
        } catch {
            try expect(!errors.isEmpty, "parse refuses it (\(error.message)) and parseRecovering does not")
            return
        }
        try expect(errors.isEmpty, "parseRecovering refuses it and parse does not")
        try checkRoundTrip(table)
    }

    static func check(_ position: SourcePosition, in text: SourceText) throws(Violation) {
        let columns = SourceText.characters(in: text.line(position.line)) + 1
        try expect(
            (1...text.lineCount).contains(position.line) && (1...max(columns, 1)).contains(position.column),
            "\(position.line):\(position.column) is no place in a text of \(text.lineCount) lines")
    }

    private static func checkRoundTrip(_ table: TOMLTable) throws(Violation) {
        let written = TOMLWriter.text(of: table)
        do throws(TOMLError) {
            // What was within the limits of size can be beyond them when it is written out.
            guard written.utf8.count <= TOMLLimits().bytes else { return }
            let again = try TOMLParser().parse(SourceText(name: "t.toml", bytes: Array(written.utf8)))
            try expectEqual(TOMLWriter.text(of: again), written)
        } catch {
            throw Violation(
                "what was written down is refused: \(error.message) in \(written.debugDescription)")
        }
    }

    private static func expectEqual(_ again: String, _ written: String) throws(TOMLError) {
        guard again != written else { return }
        let start = SourcePosition(line: 1, column: 1)
        throw TOMLError(.syntax, "it became \(again.debugDescription)", at: start)
    }
}

/// Writes a tree as TOML, in one way: equal trees are equal texts.
enum TOMLWriter {
    static func text(of table: TOMLTable) -> String {
        table.entries.sorted { $0.key < $1.key }.map { "\(quoted($0.key)) = \(text(of: $0.node.value))\n" }
            .joined()
    }

    private static func text(of value: TOMLValue) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .integer(let number): String(number)
        case .float(let number) where number.isNaN: "nan"
        case .float(let number) where number.isInfinite: number < 0 ? "-inf" : "inf"
        case .float(let number): decimal(number)
        case .boolean(let isTrue): isTrue ? "true" : "false"
        case .date(let text): text
        case .array(let nodes): "[" + nodes.map { text(of: $0.value) }.joined(separator: ", ") + "]"
        case .table(let table):
            "{"
                + table.entries.sorted { $0.key < $1.key }
                .map { "\(quoted($0.key)) = \(text(of: $0.node.value))" }.joined(separator: ", ") + "}"
        }
    }

    /// Swift writes `1e+20`, which is TOML as well.
    private static func decimal(_ number: Double) -> String { "\(number)" }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F || scalar.value > 0x7E:
                let digits = String(scalar.value, radix: 16)
                result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
