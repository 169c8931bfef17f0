/// Guesses what somebody meant to write.
package enum Spelling {
    /// The one of `candidates` that `word` was probably meant to be; nil when none is near.
    ///
    /// Letters wrong, missing, extra or swapped count as one step each; case and the difference between `-` and `_` count as none.
    /// About a third of the letters may be wrong. Of equals the first in the alphabet is taken. Where no word is near, the only one that
    /// has `word` as a part is: `docker_image` for `image`.
    package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let wanted = normalized(word)
        guard !wanted.isEmpty, wanted.count <= longest else { return nil }
        let allowed = max(1, wanted.count / 3)
        let near = candidates.compactMap { candidate -> (steps: Int, name: String)? in
            let letters = normalized(candidate)
            guard letters.count <= longest, abs(letters.count - wanted.count) <= allowed else { return nil }
            let steps = distance(wanted, letters)
            // A word of two letters that differs in one has little in common with it.
            let isNear = steps <= allowed && steps < min(wanted.count, letters.count) - (steps > 0 ? 1 : 0)
            return isNear || steps == 0 ? (steps, candidate) : nil
        }
        return near.min { ($0.steps, $0.name) < ($1.steps, $1.name) }?.name ?? whole(of: wanted, candidates)
    }

    /// The only one of `candidates` of which `part` is a part, between marks such as `_`, `.` and `/`.
    private static func whole(of part: [UInt8], _ candidates: some Sequence<String>) -> String? {
        let wholes = candidates.filter { candidate in
            let parts = normalized(candidate).split { !(48...57).contains($0) && !(97...122).contains($0) }
            return parts.count > 1 && parts.contains { $0.elementsEqual(part) }
        }
        return wholes.count == 1 ? wholes.first : nil
    }

    /// Longer words are not compared: the work grows with the square of the length.
    private static let longest = 64

    private static func normalized(_ word: String) -> [UInt8] {
        word.utf8.prefix(longest + 1).map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte + 32
            case UInt8(ascii: "-"): UInt8(ascii: "_")
            default: byte
            }
        }
    }

    /// The steps from `left` to `right`: insertions, deletions, replacements and swaps of neighbours.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var older: [Int] = []
        var last = Array(0...right.count)
        for row in 1..<(left.count + 1) {
            var current = [row]
            for column in 1..<(right.count + 1) {
                let differs = left[row - 1] == right[column - 1] ? 0 : 1
                var steps = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + differs)
                let isSwap =
                    row > 1 && column > 1 && left[row - 1] == right[column - 2]
                    && left[row - 2] == right[column - 1]
                if isSwap { steps = min(steps, older[column - 2] + 1) }
                current.append(steps)
            }
            (older, last) = (last, current)
        }
        return last[right.count]
    }
}
