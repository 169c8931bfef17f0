package import Runtime

/// Amounts in Kubernetes' notation.
package enum Quantity {
    /// `4Gi`, `512Mi`, or plain bytes: the shortest that is exact.
    package static func of(_ size: ByteSize) -> String {
        for (unit, shift) in [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)] {
            let factor = Int64(1) << Int64(shift)
            if size.bytes >= factor, size.bytes % factor == 0 { return "\(size.bytes / factor)\(unit)" }
        }
        return "\(size.bytes)"
    }

    /// Whether `text` is a positive number of cores: `2`, `0.5` or `500m`.
    package static func isCores(_ text: String) -> Bool {
        let number = text.hasSuffix("m") ? text.dropLast() : text[...]
        // Finer than a thousandth is more than the API server takes.
        let decimals = number.split(separator: ".", omittingEmptySubsequences: false).dropFirst().first?.count
        guard let value = DecimalText.value(number), value > 0, decimals ?? 0 <= 3 else { return false }
        return !(text.hasSuffix("m") && decimals != nil)
    }
}
