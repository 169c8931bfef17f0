internal import HTTPClient
internal import HTTPMessages
package import Runtime

/// What a container has printed.
package struct PodLogOptions: Sendable {
    /// Nil where the pod has only one.
    package var container: String?
    /// Goes on with what it prints from now on, until it ends.
    package var follow = false
    /// Only what was printed then or later. The server rounds down to whole seconds.
    package var since: Timestamp?
    /// The container before the last restart.
    package var previous = false
    /// Only so many lines from the end.
    package var tailLines: Int?

    package init(container: String? = nil, follow: Bool = false, since: Timestamp? = nil) {
        self.container = container
        self.follow = follow
        self.since = since
    }
}

/// A line that a container printed.
package struct PodLogLine: Hashable, Sendable {
    /// When, as the container runtime wrote it (RFC 3339 with nanoseconds): sorts as a text within one zone.
    package var time: String
    package var text: String

    package init(time: String, text: String) {
        self.time = time
        self.text = text
    }
}

extension KubernetesClient {
    /// The lines of a container, as they come.
    package func logs(
        ofPod pod: String, in namespace: String? = nil, _ options: PodLogOptions = PodLogOptions()
    ) async throws(KubernetesError) -> PodLogs {
        let pods = ResourceType(kind: "Pod", plural: "pods")
        var call = try resources(pods, in: namespace).call(
            .get, "read the log of", name: pod, subresource: "log")
        call.query = [QueryItem("timestamps", "true")]
        if let container = options.container { call.query.append(QueryItem("container", container)) }
        if options.follow { call.query.append(QueryItem("follow", "true")) }
        if options.previous { call.query.append(QueryItem("previous", "true")) }
        if let lines = options.tailLines { call.query.append(QueryItem("tailLines", "\(lines)")) }
        if let since = options.since {
            call.query.append(QueryItem("sinceTime", since.kubernetesTime))
        }
        let total: Duration? = options.follow ? nil : .seconds(600)
        return PodLogs(body: try await stream(call, total: total), label: call.label)
    }
}

/// The lines of one stream. For one reader; letting go of it ends the stream.
package struct PodLogs: AsyncSequence, Sendable {
    let body: HTTPBody
    let label: String

    package func makeAsyncIterator() -> Iterator { Iterator(pieces: body.makeAsyncIterator(), label: label) }

    package struct Iterator: AsyncIteratorProtocol {
        /// Container runtimes cut lines at 16 KiB, but the kubelet joins the pieces.
        private static let longestLine = 16 * 1024 * 1024

        fileprivate var pieces: HTTPBody.Iterator
        fileprivate let label: String
        private var lines = LineSplitter(longest: longestLine)
        private var hasEnded = false

        fileprivate init(pieces: HTTPBody.Iterator, label: String) {
            self.pieces = pieces
            self.label = label
        }

        /// The next line; nil at the end.
        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(KubernetesError) -> PodLogLine? {
            while true {
                if let line = lines.take() { return PodLogLine(line) }
                if hasEnded { return nil }
                guard let piece = try await piece() else {
                    hasEnded = true
                    // A container may end within a line.
                    return lines.rest.isEmpty ? nil : PodLogLine(lines.rest)
                }
                guard lines.add(piece) else {
                    throw KubernetesError(.invalidResponse, "\(label): a line has no end")
                }
            }
        }

        package mutating func next() async throws(KubernetesError) -> PodLogLine? {
            try await next(isolation: nil)
        }

        private mutating func piece() async throws(KubernetesError) -> [UInt8]? {
            do {
                return try await pieces.next()
            } catch {
                throw KubernetesError(label, error)
            }
        }
    }
}

extension PodLogLine {
    /// Takes a line apart: its time, a blank, and what was printed.
    init(_ line: [UInt8]) {
        let text = String(decoding: line, as: UTF8.self)
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(time: String(parts[0]), text: parts.count > 1 ? String(parts[1]) : "")
    }
}
