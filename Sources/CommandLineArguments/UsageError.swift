/// Why a command line is not understood: one sentence, and what to do.
package struct UsageError: Error, Equatable, Sendable, CustomStringConvertible {
    package var message: String
    /// The command that it was about, if that much was clear; its help is worth pointing at.
    package var command: [String]

    package init(_ message: String, command: [String] = []) {
        self.message = message
        self.command = command
    }

    package var description: String { message }
}

/// Finds what a user may have meant.
package enum Suggestion {
    /// The candidate nearest to `word`, if one is near enough: at most a third of the word's letters changed, added, missing or swapped.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        let limit = max(1, word.count / 3)
        let ranked = candidates.map { (distance(word.lowercased(), $0.lowercased()), $0) }.filter {
            $0.0 <= limit
        }
        return ranked.min { ($0.0, $0.1) < ($1.0, $1.1) }?.1
    }

    /// ` Did you mean X?`, or nothing.
    package static func sentence(for word: String, among candidates: [String], prefix: String = "") -> String
    {
        nearest(to: word, among: candidates).map { " Did you mean \(prefix)\($0)?" } ?? ""
    }

    /// The optimal string alignment distance (Damerau-Levenshtein where no part is edited twice).
    package static func distance(_ left: String, _ right: String) -> Int {
        let a = Array(left.unicodeScalars)
        let b = Array(right.unicodeScalars)
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i] + [Int](repeating: 0, count: b.count)
            for j in 1...b.count {
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    row[j] = min(row[j], beforeLast[j - 2] + 1)
                }
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
