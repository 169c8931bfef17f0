/// Replaces `$(NAME)` by the variable's value, by the rules that Kubernetes has for commands and arguments: a name that is not set stays as it is
/// written, and `$$(NAME)` is how to write `$(NAME)` itself.
package enum VariableExpansion {
    /// `text` with the variables of `environment` in their places.
    package static func expand(_ text: String, with environment: [String: String]) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            switch rest.first {
            case "$":
                result += "$"
                rest = rest.dropFirst()
            case "(":
                guard let close = rest.firstIndex(of: ")") else {
                    result += "$("
                    rest = rest.dropFirst()
                    continue
                }
                let name = String(rest[rest.index(after: rest.startIndex)..<close])
                result += environment[name] ?? "$(\(name))"
                rest = rest[rest.index(after: close)...]
            default: result += "$"
            }
        }
        return result + rest
    }
}
