/// Rows of text in aligned columns, for people; JSON is for programs.
struct Table {
    struct Cell: ExpressibleByStringInterpolation, ExpressibleByStringLiteral {
        var text: String
        var color: Terminal.Color?

        init(_ text: String, _ color: Terminal.Color? = nil) {
            self.text = Table.harmless(text)
            self.color = color
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    var header: [String]
    var rows: [[Cell]]
    /// Columns that hold numbers stand to the right.
    var numbers: Set<Int> = []

    /// The lines, each with its line end. The last column may be as long as it likes unless the terminal is narrower.
    func text(for terminal: Terminal) -> String {
        let widths = header.indices.map { column in
            max(header[column].count, rows.map { $0[column].text.count }.max() ?? 0)
        }
        let head = line(header.map { Cell($0, .dim) }, widths, terminal)
        return ([head] + rows.map { line($0, widths, terminal) }).joined()
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ terminal: Terminal) -> String {
        var text = ""
        var used = 0
        for (column, cell) in cells.enumerated() {
            let isLast = column == cells.count - 1
            let room = terminal.outputIsTerminal && isLast ? max(terminal.width - used, 8) : Int.max
            let shown = cell.text.count > room ? cell.text.prefix(room - 1) + "…" : cell.text
            let padding = String(repeating: " ", count: max(0, widths[column] - shown.count))
            let colored = terminal.colored(shown, cell.color)
            if numbers.contains(column) {
                text += padding + colored
            } else {
                text += isLast ? colored : colored + padding
            }
            if !isLast { text += "  " }
            used += widths[column] + 2
        }
        while text.last == " " { text.removeLast() }
        return text + "\n"
    }

    /// Text from users, without what would move the cursor or change the terminal: control characters become visible ones.
    static func harmless(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isHarmful(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A document of several lines, without what would change the terminal: as `\u001b`, which in JSON means the same.
    static func harmless(document text: String) -> String {
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isHarmful(scalar), !["\n", "\r", "\t"].contains(scalar) {
                let digits = String(scalar.value, radix: 16)
                result += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// Control characters and those that turn the direction of writing; all of them have four digits at most.
    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default:
            (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
                || [0x061C, 0x200E, 0x200F].contains(scalar.value)
        }
    }
}
