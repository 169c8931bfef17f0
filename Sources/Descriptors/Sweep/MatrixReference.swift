/// `${matrix.batch_size}` in a string: stands for the value that a combination has on that axis.
enum MatrixReference {
    private static let placeholder = Placeholder(start: "${matrix.")

    /// Whether there is one in `text`.
    static func isIn(_ text: String) -> Bool { placeholder.isIn(text) }

    /// The names of the axes that `text` refers to, in order, perhaps repeated.
    static func names(in text: String) -> [String] { placeholder.names(in: text) }

    /// `text` with each reference replaced by what `value` gives for its name; where that is nil the reference stays.
    static func replace(in text: String, _ value: (String) -> String?) -> String {
        placeholder.replace(in: text, value)
    }

    /// Where somebody used one that cannot stand there.
    static func note(_ text: String) -> String? {
        isIn(text) ? "${matrix...} can stand in plain strings only" : nil
    }
}
