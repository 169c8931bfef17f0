/// One reader of ours that gets what others write, and what has to hold whatever that is.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// TOML texts.
    case toml
    /// Whole descriptors, with their rules.
    case descriptor
    /// JSON texts.
    case json
    /// The targets of HTTP requests, their queries and cursors.
    case request
    /// Which operation of the API a target is for, places in its streams, points in time.
    case query
    /// The lines that benchmarks emit.
    case emission
    /// A pattern of `[[output.metrics]]` in the first line, and what a benchmark prints in the others.
    case pattern
    /// Commands, split into words.
    case command
    /// Cron expressions, durations, sizes and percentages.
    case quantity

    /// Reads `bytes`.
    ///
    /// - Throws: a `Violation` where something does not hold. What ends the program has to be seen from outside.
    package func check(_ bytes: [UInt8]) throws(Violation) {
        switch self {
        case .toml: try TOMLProperties.check(bytes)
        case .descriptor: try DescriptorProperties.check(bytes)
        case .json: try JSONProperties.check(bytes)
        case .request: try RequestProperties.check(bytes)
        case .query: try QueryProperties.check(bytes)
        case .emission: try EmissionProperties.check(bytes)
        case .pattern: try PatternProperties.check(bytes)
        case .command: try CommandProperties.check(bytes)
        case .quantity: try QuantityProperties.check(bytes)
        }
    }

    /// Pieces that mutations put together, beside those of the corpus.
    var words: [String] {
        switch self {
        case .toml, .descriptor:
            [
                "[", "]", "[[", "]]", "{", "}", "=", ".", ",", "\"", "'", "\"\"\"", "'''", "\n", "\r\n", "#",
                "\\", "\\u00e9", "\\U0010ffff", "a.b.c", "inf", "nan", "-0", "0x1F", "1_000", "1e400", "true",
                "1979-05-27T07:32:00Z", "07:32:00.999999999", "\u{FEFF}", "\u{0}", "é", "\u{202E}",
                "${matrix.a}", "${secret.a}", "[run]", "[[alarms]]", "[matrix]", "\"30m\"", "\"5%\"",
            ]
        case .json, .emission:
            [
                "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u00e9", "\\ud83d\\ude00", "\\ud800", "null",
                "true", "NaN", "-Infinity", "1e400", "-0", "0.1", "9223372036854775808", "\"bai\":1",
                "\"metrics\":{", "\"progress\":{\"done\":", "\"dropped\":", "\"labels\":{", "\"units\":{",
                "\"time\":1763699000.5", "\"step\":", "\n", "\r\n", "\u{FEFF}", "\u{0}", "é",
            ]
        case .query:
            [
                "/", "/v1/runs", "/latest", "/logs", "%2F", "%7B", "?", ".", "-", ":", "T", "Z", "+01:00",
                "2025-11-21",
                "08:00:00", ".123456789", "1763699000000", "-9223372036854775808", "9223372036854775807",
                "1h30m", "99999w",
                "1e9", "9999-12-31T23:59:59Z", "-0001", "\u{0}", "é", "٣",
            ]
        case .request:
            [
                "/", "?", "&", "=", "%", "%00", "%2F", "%2e%2e", "%zz", "+", "#", "//", "..", "http://",
                "/v1/runs/", "cursor=", "limit=", "1.2.3", "-1", "9223372036854775808", ";", "\u{0}", "é",
            ]
        case .pattern:
            [
                "(", ")", "(?<value>", "(?:", "[0-9.]+", "[", "]", "*", "+", "?", "{1,99}", "\\d", "\\b", "|",
                "^", "$", ".*", "(?R)", "\\1", "(a+)+", "\n", "loss=0.5", "1e400", "NaN", "\\K", "é", "\u{0}",
            ]
        case .command: ["'", "\"", "\\", " ", "\t", "\n", "\r\n", "$", "$$", "$(", "$(A)", ")", "a", "é"]
        case .quantity:
            [
                "*", "/", "-", ",", " ", "@daily", "mon", "jan", "0", "59", "?", "30m", "1h30m", "500ms",
                "1.5h", "7d", "1w", "10GB", "4Gi", "100B", "5%", "0.5", "99999999999999999999", "-1", "e",
                ".",
            ]
        }
    }
}

/// Something that has to hold and does not.
package struct Violation: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

/// Throws the violation `what` unless `holds`.
func expect(_ holds: Bool, _ what: @autoclosure () -> String) throws(Violation) {
    guard holds else { throw Violation(what()) }
}
