import Descriptors
import Events
import HTTPClient
import HTTPMessages
import HTTPServer
import Notification
import Runtime
import TestSupport

/// A team's receiver, which answers as a test says and keeps what it got.
final class Receiver: Sendable {
    private struct State {
        var requests: [ServerRequest] = []
        var answers: [Int]
    }

    private let state: Locked<State>
    private let server: HTTPServer

    /// - Parameters:
    ///   - answers: the statuses of the first requests; after them 204.
    ///   - delay: how long each request waits for its answer.
    init(answers: [Int] = [], headers: HTTPHeaders = [:], delay: Duration? = nil) throws {
        let state = Locked(State(answers: answers))
        self.state = state
        server = try HTTPServer.start(at: .tcp(host: "127.0.0.1", port: 0)) { request in
            let status = state.withLock { state in
                state.requests.append(request)
                return state.answers.isEmpty ? 204 : state.answers.removeFirst()
            }
            if let delay { try? await SystemTime().sleep(for: delay) }
            return ServerResponse(status: status, headers: headers)
        }
    }

    var url: String { "http://\(server.address)/hooks/secret-path?token=hidden" }
    var requests: [ServerRequest] { state.withLock { $0.requests } }

    func stop() async { await server.stop(within: .zero) }
}

/// What is told in these tests.
enum Sample {
    static func alarm(_ state: Alarm.State = .open) -> Alarm {
        Alarm(
            id: "a1b2",
            series: SeriesKey(
                id: "s1", benchmark: "bench", metric: "latency", unit: "ms", fingerprint: "f", labels: [:]),
            rule: Descriptor.Alarm(metric: "latency", above: 250, notify: ["webhook:team"]), state: state,
            message: "latency is 300 ms", run: "r1", value: 300, opened: Timestamp(milliseconds: 5),
            resolvedBy: state == .resolved ? "r2" : nil)
    }

    static let notice = AlarmNotice(id: "d-17", alarm: alarm())
}
