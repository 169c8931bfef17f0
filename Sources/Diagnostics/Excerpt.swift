/// One line of a text as it can be shown on a terminal, and which of its cells a problem is about.
package struct Excerpt: Codable, Equatable, Sendable {
    /// The line, or the part of it around the place. Holds nothing that moves a cursor or turns the direction of writing.
    package var text: String
    /// How many terminal cells are left of the caret.
    package var caret: Int

    /// Wider lines are cut around the place.
    private static let width = 96

    package init(text: String, caret: Int) {
        self.text = text
        self.caret = caret
    }

    /// The line of `position` in `source`; nil when it is too long to be looked through.
    package init?(of source: SourceText, at position: SourcePosition) {
        let line = source.lineBytes(position.line)
        // A character has at least one byte: no place is farther right than the line has bytes.
        let place = min(max(0, position.column - 1), line.count)
        if line.allSatisfy({ $0 < 0x80 }) {
            // A byte is a character, so a line of a megabyte costs nothing.
            let start = line.index(line.startIndex, offsetBy: Excerpt.start(place), limitedBy: line.endIndex)
            let part = line[(start ?? line.endIndex)...].prefix(Excerpt.width)
            self.init(
                characters: part.map { Character(Unicode.Scalar($0)) }, place: place, total: line.count)
        } else {
            guard line.count <= Excerpt.longest else { return nil }
            var text = String(decoding: line, as: UTF8.self)
            if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
            let all = Array(text)
            self.init(
                characters: Array(all.dropFirst(Excerpt.start(place)).prefix(Excerpt.width)), place: place,
                total: all.count)
        }
    }

    /// - Parameters:
    ///   - characters: those that are shown.
    ///   - place: the character that the caret is under, counted in the whole line.
    ///   - total: how many characters the line has.
    private init(characters: [Character], place: Int, total: Int) {
        let start = Excerpt.start(place)
        let split = min(place - start, characters.count)
        let before = (start > 0 ? "..." : "") + Excerpt.harmless(String(characters[..<split]))
        let after = Excerpt.harmless(String(characters[split...]))
        text = before + after + (start + characters.count < total ? "..." : "")
        caret = before.reduce(0) { $0 + Excerpt.cells(of: $1) }
    }

    /// The first character shown of a line whose problem is at `place`.
    private static func start(_ place: Int) -> Int {
        place < width * 3 / 4 ? 0 : place - width / 2
    }

    /// Bytes of a line with characters beyond ASCII, which take time to tell apart.
    private static let longest = 65_536

    /// The numbered line with the caret under it.
    func lines(number: Int?) -> [String] {
        let margin = number.map { String($0) } ?? ""
        let indent = String(repeating: " ", count: max(0, 5 - margin.count))
        return [
            "\(indent)\(margin) | \(text)",
            String(repeating: " ", count: max(5, margin.count)) + " | " + String(repeating: " ", count: caret)
                + "^",
        ]
    }

    /// `text` in quotes, harmless and short enough for a sentence.
    package static func quote(_ text: String) -> String {
        let limit = 60
        let short = text.count > limit ? String(text.prefix(limit)) + "..." : text
        return "\"\(harmless(short))\""
    }

    /// `text` with everything that could move a cursor, hide or reorder characters made visible as U+FFFD; tabs become spaces.
    package static func harmless(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        guard !isPlain else { return text }
        var safe = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            safe.append(scalar == "\t" ? " " : isHarmful(scalar) ? "\u{FFFD}" : scalar)
        }
        return String(safe)
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            true
        default: false
        }
    }

    /// How many terminal cells `character` takes: East Asian wide characters and emoji take two.
    private static func cells(of character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first, scalar.value >= 0x1100 else { return 1 }
        return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF,
        0x1F900...0x1FAFF, 0x20000...0x3FFFD,
    ]
}
