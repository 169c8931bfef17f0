internal import HTTPClient
internal import HTTPMessages
package import JSON

/// A change of a collection, as the server tells it.
package enum WatchEvent<Kind: Codable & Sendable>: Sendable {
    /// It is in the collection now.
    case added(LiveObject<Kind>)
    case modified(LiveObject<Kind>)
    /// It is not any more, or is no longer of the selection; the object is as it was last, where it can be read.
    case deleted(ObjectMetadata, LiveObject<Kind>?)
    /// It was added or changed, but cannot be read as a `Kind`.
    case unreadable(ObjectMetadata, JSONError)
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

        /// One object that is not as expected must not hide all others.
        private func read(
            _ object: JSONValue, _ event: (LiveObject<Kind>) -> WatchEvent<Kind>
        ) throws(JSONError) -> WatchEvent<Kind> {
            do {
                return event(try LiveObject(object))
            } catch {
                guard let metadata = ObjectMetadata(of: object) else { throw error }
                return .unreadable(metadata, error)
            }
        }

        /// That something is gone is known even when it cannot be read.
        private func deletion(_ object: JSONValue) throws(JSONError) -> WatchEvent<Kind> {
            guard let metadata = ObjectMetadata(of: object) else {
                throw JSONError(path: "object.metadata.name", message: "is missing")
            }
            return .deleted(metadata, try? LiveObject(object))
        }

        private func event(_ line: [UInt8]) throws(KubernetesError) -> WatchEvent<Kind> {
            do {
                let tree = try JSONValue(parsing: line)
                let object = tree["object"] ?? .null
                switch tree["type"]?.string {
                case "ADDED": return try read(object) { .added($0) }
                case "MODIFIED": return try read(object) { .modified($0) }
                case "DELETED": return try deletion(object)
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
