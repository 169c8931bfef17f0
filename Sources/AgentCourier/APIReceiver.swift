internal import AgentService
internal import Events
internal import HTTPClient
internal import HTTPMessages
internal import PodContract
internal import Runtime

/// Delivers an attempt's records to the API, as `DeliveredRecords` says.
struct APIReceiver: RecordReceiver {
    private let installation: Installation
    private let server: String
    private let path: String

    /// There is nobody to deliver to.
    struct NoServer: Error, CustomStringConvertible {
        var description: String { "the order does not say where records are delivered" }
    }

    /// How long one delivery may take.
    private static let timeout = Duration.seconds(60)

    init(_ order: PodOrder, _ installation: Installation) throws {
        guard let server = order.server else { throw NoServer() }
        self.installation = installation
        self.server = server
        path = DeliveredRecords.path(
            run: PercentEncoding.encode(order.runID), attempt: order.attempt.number)
    }

    func deliver(_ lines: [ArraySlice<UInt8>]) async -> DeliveryAnswer {
        var request = installation.request(.post, server, path)
        request.headers["Content-Type"] = DeliveredRecords.contentType
        request.body.reserveCapacity(lines.reduce(0) { $0 + $1.count + 1 })
        for line in lines {
            request.body += line
            request.body.append(UInt8(ascii: "\n"))
        }
        request.totalTimeout = APIReceiver.timeout
        request.responseLimit = 1 << 20
        do {
            return answer(try await installation.client.send(request))
        } catch {
            // What cannot be sent now cannot be sent later; everything else can.
            return error.code == .invalidRequest
                ? .refused(error.message) : .later(after: nil, why: error.message)
        }
    }

    private func answer(_ response: HTTPResponse) -> DeliveryAnswer {
        let words = "\(server) answered \(response.status): \(response.text.prefix(300))"
        switch response.status {
        case 200..<300: return .taken
        case 413: return .tooLarge
        case 408, 429, 500...:
            return .later(after: response.head.retryAfter(now: installation.time.now), why: words)
        default: return .refused(words)
        }
    }
}
