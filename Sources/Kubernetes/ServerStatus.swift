internal import HTTPClient
internal import JSON
internal import Runtime

/// The body of kind `Status` with which the server refuses, and which an `ERROR` event of a watch carries.
struct ServerStatus {
    var message: String
    var reason: String
    var code: Int?
    var retryAfterSeconds: Int64?
    var causes: [KubernetesError.Cause]

    /// Nil when the value is no Status.
    init?(_ value: JSONValue) {
        guard value["kind"]?.string == "Status" else { return nil }
        message = value["message"]?.string ?? ""
        reason = value["reason"]?.string ?? ""
        code = value["code"]?.integer.map { Int(clamping: $0) }
        let details = value["details"]
        retryAfterSeconds = details?["retryAfterSeconds"]?.integer
        causes = (details?["causes"]?.array ?? []).map { cause in
            KubernetesError.Cause(
                field: cause["field"]?.string ?? "", reason: cause["reason"]?.string ?? "",
                message: cause["message"]?.string ?? "")
        }
    }
}

extension KubernetesError {
    /// The longest text of a server that goes into a message: a proxy may answer with a page.
    private static let longestQuote = 300

    /// The refusal that a response is.
    ///
    /// - Parameter label: what was tried on what: `create job bai/run-1`.
    static func refusal(_ label: String, head: HTTPResponseHead, body: [UInt8]) -> KubernetesError {
        if let tree = try? JSONValue(parsing: body), let status = ServerStatus(tree) {
            return refusal(label, httpStatus: head.status, status, head: head)
        }
        // Not the API server itself: a proxy, or a server that is starting. Authenticators answer 401 so, too.
        let text = String(decoding: body.prefix(longestQuote), as: UTF8.self)
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let code = code(forStatus: head.status, reason: "")
        return KubernetesError(
            code, sentence(label, "HTTP \(head.status)", words, code, causes: []), status: head.status,
            retryAfter: head.retryAfter(now: SystemTime().now))
    }

    /// The refusal that a `Status` is.
    static func refusal(
        _ label: String, httpStatus: Int, _ status: ServerStatus, head: HTTPResponseHead? = nil
    ) -> KubernetesError {
        let number = status.code ?? httpStatus
        let code = code(forStatus: number, reason: status.reason)
        let title = status.reason.isEmpty ? "HTTP \(number)" : status.reason
        return KubernetesError(
            code, sentence(label, title, status.message, code, causes: status.causes), status: number,
            reason: status.reason, causes: status.causes,
            retryAfter: head.flatMap { $0.retryAfter(now: SystemTime().now) }
                ?? status.retryAfterSeconds.map { .seconds(min(max($0, 0), 31_536_000)) })
    }

    private static func code(forStatus status: Int, reason: String) -> Code {
        // The reason is more exact than the number: 409 is two things, and an expired token has been 410 and 400.
        switch reason {
        case "AlreadyExists": return .alreadyExists
        case "Conflict": return .conflict
        case "Expired", "Gone": return .gone
        case "Invalid": return .invalid
        case "Timeout", "ServerTimeout": return .serverFault
        default: break
        }
        switch status {
        case 401: return .unauthorized
        case 403: return .forbidden
        case 404: return .notFound
        case 409: return .conflict
        case 410: return .gone
        case 413: return .tooLarge
        case 422: return .invalid
        case 429: return .tooManyRequests
        case 500...: return .serverFault
        case 400..<500: return .badRequest
        default: return .invalidResponse
        }
    }

    private static func sentence(
        _ label: String, _ title: String, _ words: String, _ code: Code, causes: [Cause]
    ) -> String {
        var text = "\(label): \(title)"
        if !words.isEmpty { text += ": \(words)" }
        // The server's words name only the first causes of a long list.
        let unnamed = causes.filter { !$0.message.isEmpty && !words.contains($0.message) }
        if !unnamed.isEmpty {
            text += " (" + unnamed.map { "\($0.field): \($0.message)" }.joined(separator: "; ") + ")"
        }
        if let advice = code.advice { text += "; \(advice)" }
        return text
    }

    /// The failure of a transfer.
    init(_ label: String, _ error: HTTPClientError) {
        let code: Code =
            switch error.code {
            case .invalidRequest: .badRequest
            case .outOfReach: .configuration
            case .couldNotResolve, .couldNotConnect, .peerClosed, .failed: .unreachable
            case .tls: .tls
            case .timedOut: .timedOut
            case .canceled: .canceled
            case .invalidResponse, .tooManyRedirects: .invalidResponse
            case .tooLarge: .tooLarge
            }
        let advice = code == .tooLarge ? nil : code.advice
        self.init(code, "\(label): \(error.message)" + (advice.map { "; \($0)" } ?? ""))
    }
}
