internal import FoundationEssentials
@preconcurrency internal import Glibc

/// How much a log line matters. `error`: someone must act; `warning`: we coped; `info`: a state changed.
package enum LogLevel: String, Sendable, Comparable, CaseIterable {
    case debug, info, warning, error

    private var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }

    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}

/// Writes log lines as JSON to standard error: time, level, service, a constant message, and fields.
///
///     log.info("job created", ["run.id": id, "job": name])
package struct StructuredLog: Sendable {
    private let service: String
    private let least: LogLevel
    private let write: @Sendable (String) -> Void

    /// - Parameter write: receives each whole line without its line end; by default standard error.
    package init(
        service: String, least: LogLevel = .info,
        write: @escaping @Sendable (String) -> Void = StructuredLog.toStandardError
    ) {
        self.service = service
        self.least = least
        self.write = write
    }

    package func debug(_ message: StaticString, _ fields: [String: String] = [:]) {
        line(.debug, message, fields)
    }
    package func info(_ message: StaticString, _ fields: [String: String] = [:]) {
        line(.info, message, fields)
    }
    package func warning(_ message: StaticString, _ fields: [String: String] = [:]) {
        line(.warning, message, fields)
    }
    package func error(_ message: StaticString, _ fields: [String: String] = [:]) {
        line(.error, message, fields)
    }

    private func line(_ level: LogLevel, _ message: StaticString, _ fields: [String: String]) {
        guard level >= least else { return }
        var text = "{\"time\":\"\(StructuredLog.time())\",\"level\":\"\(level.rawValue)\",\"service\":"
        StructuredLog.append(service, to: &text)
        text += ",\"message\":"
        StructuredLog.append(message.description, to: &text)
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            text += ","
            StructuredLog.append(name, to: &text)
            text += ":"
            StructuredLog.append(value, to: &text)
        }
        write(text + "}")
    }

    private static func time() -> String {
        Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// Appends `value` as a JSON string. Here rather than from an encoder: the log must never throw.
    private static func append(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }

    /// One `write` a line, so that lines of several processes on one file never mix.
    package static let toStandardError: @Sendable (String) -> Void = { line in
        var bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeMutableBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
