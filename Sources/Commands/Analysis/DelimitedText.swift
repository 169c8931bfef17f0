internal import CommandLineArguments

/// A table of values separated by commas, semicolons or tabs, as RFC 4180 quotes them, a run a line.
struct DelimitedText {
    private let rows: [[String]]
    private let header: [String]
    /// For messages.
    private let source: String

    /// Columns that say when or of what a run was; the first that is there names the runs.
    private static let runColumns = [
        "commit", "revision", "sha", "version", "build", "run", "tag", "time", "timestamp", "date",
        "datetime",
    ]

    init(_ text: String, from source: String) throws(CommandFailure) {
        var rows = try DelimitedText.rows(text, source)
        guard let first = rows.first else { throw CommandFailure(.usage, "\(source) is empty.") }
        self.source = source
        if first.allSatisfy({ DelimitedText.number($0) != nil || $0.isEmpty }) {
            header = first.count == 1 ? [source] : first.indices.map { "column \($0 + 1)" }
        } else {
            header = first
            rows.removeFirst()
        }
        self.rows = rows
        for (index, row) in rows.enumerated() where row.count != header.count {
            throw CommandFailure(
                .usage,
                "\(source): row \(index + 1) has \(row.count) values, and the first line \(header.count). Quote a value that has the separator in it."
            )
        }
    }

    /// The columns of numbers.
    ///
    /// - Parameter wanted: their names; all when empty.
    func series(_ wanted: [String]) throws(CommandFailure) -> [NamedSeries] {
        for name in wanted where !header.contains(name) {
            throw CommandFailure(
                .notFound,
                "\(source) has no column '\(name)'." + UsageError.suggestion(for: name, among: header)
                    + " It has: \(header.joined(separator: ", ")).")
        }
        let runs = runs
        return header.indices.compactMap { column in
            let isWanted =
                wanted.isEmpty
                ? !DelimitedText.runColumns.contains(header[column].lowercased())
                : wanted.contains(header[column])
            guard isWanted, let values = numbers(column) else { return nil }
            return NamedSeries(name: header[column], values: values, runs: runs)
        }
    }

    private var runs: [String] {
        for name in DelimitedText.runColumns {
            if let column = header.firstIndex(where: { $0.lowercased() == name }) {
                return rows.map { $0[column] }
            }
        }
        return []
    }

    /// nil where there is something in the column that is no number, or nothing at all.
    private func numbers(_ column: Int) -> [Double?]? {
        var values: [Double?] = []
        for row in rows {
            let text = row[column]
            guard let value = DelimitedText.value(text) else { return nil }
            values.append(value)
        }
        return values.contains { $0 != nil } ? values : nil
    }

    /// A number, nil where a run has none, or nothing where it is something else.
    private static func value(_ text: String) -> Double?? {
        if text.isEmpty || ["null", "none", "na", "n/a"].contains(text.lowercased()) { return .some(nil) }
        guard let number = number(text) else { return nil }
        return .some(number.isFinite ? number : nil)
    }

    private static func number(_ text: String) -> Double? { Double(text.trimmingSpaces) }

    // MARK: - Reading

    private static func rows(_ text: String, _ source: String) throws(CommandFailure) -> [[String]] {
        let separator = separator(of: text)
        var rows: [[String]] = []
        var row: [String] = []
        var cell = ""
        var isQuoted = false
        var characters = text.makeIterator()
        var next = characters.next()
        while let character = next {
            next = characters.next()
            if isQuoted {
                if character != "\"" {
                    cell.append(character)
                } else if next == "\"" {
                    cell.append("\"")
                    next = characters.next()
                } else {
                    isQuoted = false
                }
            } else if character == "\"", cell.isEmpty {
                isQuoted = true
            } else if character == separator {
                row.append(cell.trimmingSpaces)
                cell = ""
            } else if character.isNewline {
                row.append(cell.trimmingSpaces)
                cell = ""
                if row != [""] { rows.append(row) }
                row = []
            } else {
                cell.append(character)
            }
        }
        if isQuoted {
            throw CommandFailure(
                .usage, "\(source): a quotation mark in row \(rows.count + 1) is never closed.")
        }
        row.append(cell.trimmingSpaces)
        if row != [""] { rows.append(row) }
        return rows
    }

    /// What the first line has most of.
    private static func separator(of text: String) -> Character {
        let line = text.prefix { !$0.isNewline }
        let candidates: [Character] = [",", ";", "\t"]
        let counts = candidates.map { candidate in line.count { $0 == candidate } }
        let best = counts.indices.max { counts[$0] < counts[$1] } ?? 0
        return candidates[best]
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
