import JSON
import Runtime

/// What a container has printed, with times.
struct PodLog {
    struct Line {
        /// Nanoseconds since 1970.
        var time: Int64
        var text: String

        /// RFC 3339 with nine digits, and the text.
        var stamped: String {
            let fraction = String(time % 1_000_000_000)
            let padded = String(repeating: "0", count: 9 - fraction.count) + fraction
            return "\(WallClock.text(seconds: time / 1_000_000_000).dropLast()).\(padded)Z \(text)"
        }
    }

    var lines: [Line] = []
    /// Whether more may come.
    var isOpen = true
    /// Which start of the container printed it, from 0.
    var restart = 0
}

/// What a request wants of a log.
struct PodLogQuery {
    var container: String
    var follow = false
    var timestamps = false
    var sinceSeconds: Int64?
    var tail: Int?
    var limitBytes: Int?
    var previous = false

    /// Reads and checks the query as the server does.
    init(_ request: APIRequest, _ pod: JSONValue) throws(APIFailure) {
        let spec = pod["spec"]
        let names = (spec?["containers"]?.array ?? []).compactMap { $0["name"]?.string }
        let all = names + (spec?["initContainers"]?.array ?? []).compactMap { $0["name"]?.string }
        if let name = request.query("container") {
            guard all.contains(name) else {
                throw .badRequest("container \(name) is not valid for pod \(pod.name)")
            }
            container = name
        } else {
            guard names.count == 1, let name = names.first else {
                throw .badRequest(
                    "a container name must be specified for pod \(pod.name), choose one of: [\(names.joined(separator: " "))]"
                )
            }
            container = name
        }
        follow = ["true", "1"].contains(request.query("follow") ?? "")
        timestamps = ["true", "1"].contains(request.query("timestamps") ?? "")
        previous = ["true", "1"].contains(request.query("previous") ?? "")
        tail = try PodLogQuery.number(request, "tailLines")
        limitBytes = try PodLogQuery.number(request, "limitBytes")
        if request.query("sinceTime") != nil, request.query("sinceSeconds") != nil {
            throw .badRequest("at most one of `sinceTime` or `sinceSeconds` may be specified")
        }
        if let text = request.query("sinceTime") {
            guard let seconds = WallClock.seconds(text) else {
                throw .badRequest("sinceTime is no time: \(text)")
            }
            sinceSeconds = seconds
        }
        if let seconds = try PodLogQuery.number(request, "sinceSeconds") {
            sinceSeconds = WallClock.now / 1_000_000_000 - Int64(seconds)
        }
    }

    private static func number(_ request: APIRequest, _ name: String) throws(APIFailure) -> Int? {
        guard let text = request.query(name) else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw .badRequest("\(name) must be a number, not \(text)")
        }
        return number
    }

    /// The bytes of a line.
    func bytes(_ line: PodLog.Line) -> [UInt8] {
        Array(((timestamps ? line.stamped : line.text) + "\n").utf8)
    }

    /// Which of the lines that are there are wanted.
    func first(of log: PodLog) -> ArraySlice<PodLog.Line> {
        var lines = log.lines[...]
        if let sinceSeconds { lines = lines.drop { $0.time / 1_000_000_000 < sinceSeconds } }
        return tail.map { lines.suffix($0) } ?? lines
    }
}
