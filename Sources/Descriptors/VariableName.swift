/// Names of environment variables that are made of a team's own words.
package enum VariableName {
    /// `text` as part of a variable's name: capitals, digits and underscores.
    package static func of(_ text: String) -> String {
        String(
            text.unicodeScalars.map { scalar -> Character in
                switch scalar {
                case "a"..."z": Character(Unicode.Scalar(scalar.value - 32) ?? "_")
                case "A"..."Z", "0"..."9": Character(scalar)
                default: "_"
                }
            })
    }
}
