import BFFService
import HTTPMessages
import HTTPServer
import Runtime

/// What the API reads from a request: which operation it is for, the place in a stream, a point in time.
enum QueryProperties {
    private static let patterns = [
        "/", "/v1/runs", "/v1/runs/{run}", "/v1/runs/latest", "/v1/runs/{run}/logs", "/v1/{kind}/{id}/logs",
        "/v1/events",
    ]
    private static let router = Router(
        patterns.map { Route(.get, $0) { _, _ in .text("") } },
        onError: { _, _ in .text("", status: 500) })
    private static let now = Timestamp(milliseconds: 1_763_699_000_000)

    static func check(_ bytes: [UInt8]) throws(Violation) {
        let text = String(decoding: bytes, as: UTF8.self)
        try checkRoute(text)
        if let cursor = try? EventCursor(text) {
            try expect((try? EventCursor(cursor.text)) == cursor, "the cursor becomes another one")
        }
        if let time = Timestamp(asked: text, now: now) {
            let again = Timestamp(asked: "\(time.milliseconds)", now: now)
            try expect(again == time, "the time becomes \(String(describing: again))")
        }
    }

    /// What a route takes for its parameters is what stands in their places; and nothing else is passed over for it.
    private static func checkRoute(_ text: String) throws(Violation) {
        guard let request = ServerRequest(.get, text) else { return }
        guard let (route, parameters) = router.route(of: request) else {
            try expect(
                !patterns.contains("/" + request.segments.joined(separator: "/")), "its route is not found")
            return
        }
        let parts = route.pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(
            String.init)
        let path = parts.map { part in
            part.hasPrefix("{") ? parameters[String(part.dropFirst().dropLast())] : part
        }
        try expect(path == request.segments, "the route \(route.pattern) stands for \(path)")
        let isLiteral = patterns.contains("/" + request.segments.joined(separator: "/"))
        try expect(
            !isLiteral || route.pattern == request.path || request.path.contains("%"),
            "the route \(route.pattern) is taken")
    }
}
