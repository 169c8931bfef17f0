/// `${secret.token}` in a string: stands for a secret of the installation. It travels as it is; only who hands the string to the benchmark or to a
/// server puts the value in its place.
package enum SecretPlaceholder {
    private static let placeholder = Placeholder(start: "${secret.")

    /// Whether there is one in `text`.
    package static func isIn(_ text: String) -> Bool { placeholder.isIn(text) }

    /// The names of the secrets in `text`, in order, perhaps repeated.
    package static func names(in text: String) -> [String] { placeholder.names(in: text) }

    /// `text` with each placeholder replaced by what `value` gives for its name.
    package static func replace<Failure: Error>(
        in text: String, _ value: (String) throws(Failure) -> String
    ) throws(Failure) -> String {
        try placeholder.replace(in: text) { name throws(Failure) in try value(name) }
    }
}
