internal import Digests
internal import Events
package import HTTPClient
internal import HTTPMessages
internal import JSON
package import Runtime

/// Posts notices as JSON to a team's own address.
///
///     POST <url>
///     Content-Type: application/json
///     Bai-Delivery: 5c0e1f6a9b2d3c47            the notice's id, the same for every try
///     Bai-Event: alarm.open                     also alarm.acknowledged, alarm.resolved
///     Bai-Signature: t=1763699000,v1=<hex>      HMAC-SHA256 of "<t>.<body>" under the secret, if there is one
///
/// 2xx has taken it; 4xx refuses it for good, except 408 and 429; everything else may pass. Redirects are not followed: the signature was made for
/// one address.
package struct WebhookChannel: NotificationChannel {
    private let name: String
    private let settings: WebhookSettings
    private let secrets: SecretSource
    private let client: HTTPClient
    private let time: any TimeSource

    /// - Parameter name: as teams write it, `webhook:team`, for messages.
    package init(
        name: String, settings: WebhookSettings, secrets: SecretSource, client: HTTPClient,
        time: any TimeSource
    ) {
        self.name = name
        self.settings = settings
        self.secrets = secrets
        self.client = client
        self.time = time
    }

    package func deliver(_ notice: AlarmNotice) async throws(NotificationError) {
        let request = try request(for: notice)
        let status: Int
        do {
            // Only the head matters: whatever a receiver says beyond it is not read.
            status = try await client.stream(request).status
        } catch {
            throw failure(error)
        }
        switch status {
        case 200..<300: return
        case 400..<500 where status != 408 && status != 429:
            throw NotificationError(.refused, "\(name) refused it with status \(status)")
        default:
            throw NotificationError(.unavailable, "\(name) answered with status \(status)")
        }
    }

    private func request(for notice: AlarmNotice) throws(NotificationError) -> HTTPRequest {
        let body = try body(of: notice)
        var request = HTTPRequest(.post, settings.url, body: body)
        request.headers["Content-Type"] = "application/json"
        request.headers["User-Agent"] = "benchmark-ai/\(Version.current)"
        request.headers["Bai-Delivery"] = notice.id
        request.headers["Bai-Event"] = notice.event
        if let reference = settings.secret {
            let secret = try secrets.value(of: reference, for: name)
            let signature = WebhookSignature(body: body, secret: secret, time: time.now)
            request.headers["Bai-Signature"] = signature.header
        }
        request.connectTimeout = settings.deadline
        request.totalTimeout = settings.deadline
        request.redirects = .hand
        return request
    }

    private func body(of notice: AlarmNotice) throws(NotificationError) -> [UInt8] {
        struct Body: Encodable {
            var id: String
            var event: String
            var alarm: Alarm
        }
        do {
            return try JSONCoding.encode(Body(id: notice.id, event: notice.event, alarm: notice.alarm))
        } catch {
            throw NotificationError(.refused, "\(name): the alarm cannot be written as JSON: \(error)")
        }
    }

    /// The client's own message has the address in it, which for many services is a secret.
    private func failure(_ error: HTTPClientError) -> NotificationError {
        switch error.code {
        case .canceled: NotificationError(.canceled, "\(name): canceled")
        case .invalidRequest:
            NotificationError(.misconfigured, "\(name): its url is no http or https address")
        case .couldNotResolve, .couldNotConnect, .tls, .timedOut, .peerClosed, .invalidResponse, .tooLarge,
            .tooManyRedirects, .outOfReach, .failed:
            NotificationError(.unavailable, "\(name) cannot be reached (\(error.code.rawValue))")
        }
    }
}

/// What proves to a receiver that a notice is ours and is fresh.
struct WebhookSignature {
    /// `t=<seconds>,v1=<hex>`.
    let header: String

    init(body: [UInt8], secret: [UInt8], time: Timestamp) {
        let seconds = time.milliseconds / 1000
        let code = HMAC.sha256(key: secret, message: Array("\(seconds).".utf8) + body)
        header = "t=\(seconds),v1=\(Hexadecimal.encode(code))"
    }
}

extension AlarmNotice {
    /// What has happened, as a receiver sorts by: `alarm.open`.
    var event: String { "alarm.\(alarm.state.rawValue.lowercased())" }
}
