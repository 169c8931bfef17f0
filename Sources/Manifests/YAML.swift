package import JSON

/// Writes values as YAML, by libyaml: for people to read, and for any reader of YAML 1.1 or 1.2 to read back as the same value.
package enum YAML {
    /// `value` as a document: keys sorted, texts of several lines as blocks, texts that look like something else quoted.
    package static func text(of value: JSONValue) -> String {
        let emitter = YAMLEmitter()
        emitter.write(document: value, isMarked: false)
        return emitter.finish()
    }

    /// `values` as a stream of documents, each after a line `---`.
    package static func text(ofDocuments values: [JSONValue]) -> String {
        let emitter = YAMLEmitter()
        for value in values { emitter.write(document: value, isMarked: true) }
        return emitter.finish()
    }
}

/// How a scalar is written.
enum YAMLScalar: Equatable {
    /// Without quotes; libyaml adds them where characters need it.
    case plain(String)
    case quoted(String)
    /// Line by line.
    case block(String)

    /// The scalar for a text.
    init(_ text: String) {
        // Blanks at a line's begin or end, and empty lines at the text's, are hard to see in a block: quotes are clearer.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let canBeBlock =
            lines.count > 1 && lines.first != "" && !text.hasSuffix("\n\n")
            && lines.allSatisfy {
                !$0.hasSuffix(" ") && !$0.hasPrefix(" ") && !$0.contains(where: \.isControl)
            }
        if canBeBlock {
            self = .block(text)
        } else {
            self = PlainText(text).isString ? .plain(text) : .quoted(text)
        }
    }

    init(_ number: Double) {
        if number.isNaN {
            self = .plain(".nan")
        } else if number.isInfinite {
            self = .plain(number < 0 ? "-.inf" : ".inf")
        } else {
            // YAML 1.1 knows no exponent without a fraction: 1e-05 would be a text.
            let text = number.description
            let mantissa = text.prefix { $0 != "e" }
            self = .plain(mantissa.contains(".") ? text : mantissa + ".0" + text.dropFirst(mantissa.count))
        }
    }
}

extension Character {
    fileprivate var isControl: Bool { unicodeScalars.contains { $0.properties.generalCategory == .control } }
}
