/// A text without quotes, as readers of YAML 1.1 and 1.2 would take it.
struct PlainText {
    /// What the two versions have for null, true and false, the merge key and the default value.
    private static let words: Set<String> = [
        "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "<<", "=", ".inf", "-.inf",
        "+.inf", ".nan",
    ]

    private let text: String

    init(_ text: String) {
        self.text = text
    }

    /// Whether every reader takes it for a text.
    var isString: Bool {
        !PlainText.words.contains(text.lowercased()) && !isNumber && !isSexagesimal && !isDate
    }

    /// Digits without a sign and without the underscores of YAML 1.1.
    private var digits: Substring {
        let plain = text.filter { $0 != "_" }[...]
        return plain.hasPrefix("-") || plain.hasPrefix("+") ? plain.dropFirst() : plain
    }

    /// `12`, `1.5`, `.5`, `5.`, `1e3`, `0x1f`, `0o17`, `0b1`.
    private var isNumber: Bool {
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            return digits.dropFirst(2).allSatisfy { ($0.hexDigitValue ?? 16) < radix }
        }
        let parts = digits.lowercased().split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
        let mantissa = parts[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard mantissa.contains(where: { !$0.isEmpty }), mantissa.allSatisfy(isAllDigits) else {
            return false
        }
        guard parts.count > 1 else { return true }
        let exponent = parts[1].drop { $0 == "+" || $0 == "-" }
        return !exponent.isEmpty && isAllDigits(exponent)
    }

    /// `1:30`, which YAML 1.1 takes for ninety.
    private var isSexagesimal: Bool {
        let parts = digits.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count > 1
            && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isASCIIDigit || $0 == "." } }
    }

    /// `2026-01-31`, with or without a time.
    private var isDate: Bool {
        let date = text.prefix { $0.isASCIIDigit || $0 == "-" }
        let parts = date.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, parts.allSatisfy(isAllDigits) else { return false }
        let rest = text.dropFirst(date.count)
        return rest.isEmpty || rest.hasPrefix("T") || rest.hasPrefix("t") || rest.hasPrefix(" ")
    }

    private func isAllDigits(_ text: Substring) -> Bool { text.allSatisfy(\.isASCIIDigit) }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
