/// A mark in a string that stands for a value which is put in its place later: `${matrix.batch_size}`, `${secret.token}`.
struct Placeholder {
    /// What it begins with; a name and `}` follow.
    let start: String

    /// Whether there is one in `text`.
    func isIn(_ text: String) -> Bool { text.utf8.contains(UInt8(ascii: "$")) && text.contains(start) }

    /// The names in `text`, in order, perhaps repeated.
    func names(in text: String) -> [String] {
        var names: [String] = []
        _ = replace(in: text) { name in
            names.append(name)
            return ""
        }
        return names
    }

    /// `text` with each mark replaced by what `value` gives for its name; where that is nil the mark stays.
    func replace<Failure: Error>(
        in text: String, _ value: (String) throws(Failure) -> String?
    ) throws(Failure) -> String {
        guard isIn(text) else { return text }
        var result = ""
        var rest = Substring(text)
        while let found = rest.firstRange(of: start) {
            result += rest[..<found.lowerBound]
            let after = rest[found.upperBound...]
            guard let end = after.firstIndex(of: "}") else { return result + rest[found.lowerBound...] }
            let name = String(after[..<end])
            result += try value(name) ?? "\(start)\(name)}"
            rest = after[after.index(after: end)...]
        }
        return result + rest
    }
}
