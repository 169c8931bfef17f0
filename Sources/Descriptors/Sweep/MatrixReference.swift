/// `${matrix.batch_size}` in a string: stands for the value that a combination has on that axis.
enum MatrixReference {
    private static let start = "${matrix."

    /// Whether there is one in `text`.
    static func isIn(_ text: String) -> Bool { text.utf8.contains(UInt8(ascii: "$")) && text.contains(start) }

    /// The names of the axes that `text` refers to, in order, perhaps repeated.
    static func names(in text: String) -> [String] {
        var names: [String] = []
        _ = replace(in: text) { name in
            names.append(name)
            return ""
        }
        return names
    }

    /// `text` with each reference replaced by what `value` gives for its name; where that is nil the reference stays.
    static func replace(in text: String, _ value: (String) -> String?) -> String {
        guard isIn(text) else { return text }
        var result = ""
        var rest = Substring(text)
        while let found = rest.firstRange(of: start) {
            result += rest[..<found.lowerBound]
            let after = rest[found.upperBound...]
            guard let end = after.firstIndex(of: "}") else { return result + rest[found.lowerBound...] }
            let name = String(after[..<end])
            result += value(name) ?? "\(start)\(name)}"
            rest = after[after.index(after: end)...]
        }
        return result + rest
    }

    /// Where somebody used one that cannot stand there.
    static func note(_ text: String) -> String? {
        isIn(text) ? "${matrix...} can stand in plain strings only" : nil
    }
}
