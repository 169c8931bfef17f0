internal import HTTPClient
internal import HTTPMessages
internal import JSON

/// A change of a collection, as the server tells it.
package enum WatchEvent<Kind: Codable & Sendable>: Sendable {
    /// It is in the collection now.
    case added(LiveObject<Kind>)
    case modified(LiveObject<Kind>)
    /// It is not any more, or is no longer of the selection; the object is as it was last.
    case deleted(LiveObject<Kind>)
    /// Nothing changed up to this version: a later watch can begin at it.
    case bookmark(resourceVersion: String)
}

extension Resources {
    /// The changes after `version`, as they happen, until the server ends the watch (which it does after `lasting` at the latest).
    ///
    /// What is thrown while it is read: `gone` when `version` is older than what the server remembers (list again), `unreachable` or
    /// `timedOut` when the connection broke (watch again from the last version seen).
    package func watch(
        _ selection: Selection = Selection(), from version: String, lasting: Duration = .seconds(290)
    ) async throws(KubernetesError) -> WatchEvents<Kind> {
        var call = try call(.get, "watch")
        call.query = selection.query
        call.query += [
            QueryItem("watch", "true"), QueryItem("resourceVersion", version),
            QueryItem("allowWatchBookmarks", "true"),
            QueryItem("timeoutSeconds", "\(max(lasting.components.seconds, 1))"),
        ]
        // Beyond what was asked of the server, so that it is the server that ends it, unless it hangs.
        let body = try await client.stream(call, total: lasting + client.limits.attempt)
        return WatchEvents(body: body, label: call.label)
    }
}

/// The events of one watch. For one reader; letting go of it ends the watch.
package struct WatchEvents<Kind: Codable & Sendable>: AsyncSequence, Sendable {
    let body: HTTPBody
    let label: String

    package func makeAsyncIterator() -> Iterator {
        Iterator(pieces: body.makeAsyncIterator(), label: label)
    }

    package struct Iterator: AsyncIteratorProtocol {
        /// etcd takes objects of 1.5 MB; as text they are somewhat longer.
        private static var longestLine: Int { 16 * 1024 * 1024 }

        fileprivate var pieces: HTTPBody.Iterator
        fileprivate let label: String
        private var lines = LineSplitter(longest: Iterator.longestLine)

        fileprivate init(pieces: HTTPBody.Iterator, label: String) {
            self.pieces = pieces
            self.label = label
        }

        /// The next event; nil when the server has ended the watch.
        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(KubernetesError) -> WatchEvent<Kind>? {
            while true {
                if let line = lines.take() {
                    if line.isEmpty { continue }
                    return try event(line)
                }
                guard let piece = try await piece() else { return nil }
                guard lines.add(piece) else {
                    throw KubernetesError(.invalidResponse, "\(label): an event has no end")
                }
            }
        }

        package mutating func next() async throws(KubernetesError) -> WatchEvent<Kind>? {
            try await next(isolation: nil)
        }

        private mutating func piece() async throws(KubernetesError) -> [UInt8]? {
            do {
                return try await pieces.next()
            } catch {
                throw KubernetesError(label, error)
            }
        }

        private func event(_ line: [UInt8]) throws(KubernetesError) -> WatchEvent<Kind> {
            do {
                let tree = try JSONValue(parsing: line)
                let object = tree["object"] ?? .null
                switch tree["type"]?.string {
                case "ADDED": return .added(try LiveObject(object))
                case "MODIFIED": return .modified(try LiveObject(object))
                case "DELETED": return .deleted(try LiveObject(object))
                case "BOOKMARK":
                    guard let version = object["metadata"]?["resourceVersion"]?.string else {
                        throw JSONError(path: "metadata.resourceVersion", message: "is missing")
                    }
                    return .bookmark(resourceVersion: version)
                case "ERROR":
                    guard let status = ServerStatus(object) else {
                        throw JSONError(path: "object", message: "an error without a Status")
                    }
                    throw KubernetesError.refusal(label, httpStatus: status.code ?? 500, status)
                case let other: throw JSONError(path: "type", message: "'\(other ?? "")' is no type of event")
                }
            } catch let error as KubernetesError {
                throw error
            } catch {
                throw KubernetesError(.invalidResponse, "\(label): an event cannot be read: \(error)")
            }
        }
    }
}
