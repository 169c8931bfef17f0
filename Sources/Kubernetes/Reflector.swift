internal import JSON
package import Runtime

/// A collection's change, as a follower of it sees it.
package enum CollectionChange<Kind: Codable & Sendable>: Sendable {
    /// An object is there, for the first time or in another version.
    case present(LiveObject<Kind>)
    /// An object is not there any more. `last` is as it was last, where that was seen to happen.
    case absent(RememberedObject, last: LiveObject<Kind>?)
    /// Everything that a list held has been told: what was not told is not there.
    case listed
}

/// What a reflector keeps of each object: enough to tell a change from a repetition, and to say what is gone.
package struct RememberedObject: Hashable, Sendable {
    package var namespace: String?
    package var name: String
    package var uid: String
    package var labels: [String: String]
    var resourceVersion: String

    init(_ metadata: ObjectMetadata) {
        namespace = metadata.namespace
        name = metadata.name
        uid = metadata.uid
        labels = metadata.labels
        resourceVersion = metadata.resourceVersion
    }
}

/// Follows a collection: lists, then watches, and lists again when the server has forgotten where the watch was.
///
/// Whoever follows is told of every object and of every end, each version at most once, whatever connections, servers and versions do in
/// between; of several changes during an outage only the last. Objects themselves are not kept. One that cannot be read as a `Kind` is a trouble,
/// and is passed over: it must not hide all others.
package final class Reflector<Kind: Codable & Sendable>: Sendable {
    /// What went wrong, and how long it waits before it goes on.
    package typealias Trouble = @Sendable (KubernetesError, Duration) -> Void

    private let resources: Resources<Kind>
    private let selection: Selection
    private let backoff: Backoff
    private let lasting: Duration
    private let onTrouble: Trouble
    /// A watch that ends earlier than this without an event is no watch, and is not begun again at once.
    private static var shortest: Duration { .milliseconds(500) }

    /// - Parameter onTrouble: for the log and for health; the reflector copes by itself.
    package init(
        _ resources: Resources<Kind>, _ selection: Selection = Selection(), lasting: Duration = .seconds(290),
        backoff: Backoff = Backoff(first: .milliseconds(800), most: .seconds(30)),
        onTrouble: @escaping Trouble = { _, _ in }
    ) {
        self.resources = resources
        self.selection = selection
        self.lasting = lasting
        self.backoff = backoff
        self.onTrouble = onTrouble
    }

    /// Follows until the task is cancelled, or `handle` throws; waits for `handle` before it goes on.
    package func run(
        _ handle: @escaping (CollectionChange<Kind>) async throws -> Void
    ) async throws {
        var known = KnownObjects()
        var version: String?
        var failures = 0
        while true {
            try Task.checkCancellation()
            do {
                if let from = version {
                    version = try await follow(from: from, &known, &failures, handle)
                } else {
                    version = try await relist(&known, handle)
                    failures = 0
                }
            } catch let stop as Interruption {
                version = stop.resumeAt
                if stop.error.code == .gone {
                    version = nil
                    // The first time at once: that a version is forgotten is ordinary. A server that forgets everything is not hurried.
                    if failures == 0 {
                        failures += 1
                        continue
                    }
                }
                failures += 1
                let wait = max(backoff.delay(after: failures), stop.error.retryAfter ?? .zero)
                onTrouble(stop.error, wait)
                try await resources.client.time.sleep(for: wait)
            }
        }
    }

    /// What the server did; an error of whoever handles changes goes through as it is.
    private struct Interruption: Error {
        var error: KubernetesError
        /// Where to watch again; nil to list.
        var resumeAt: String?
    }

    // MARK: Listing

    private func relist(
        _ known: inout KnownObjects, _ handle: (CollectionChange<Kind>) async throws -> Void
    ) async throws -> String {
        var seen: Set<String> = []
        var failure: (any Error)?
        let version: String
        do {
            var current = known
            defer { known = current }
            version = try await resources.list(selection) { chunk throws(KubernetesError) in
                if chunk.isFirst { seen = [] }
                do {
                    for (metadata, error) in chunk.unreadable {
                        // It is there: what is known of it, if it could be read before, stands.
                        seen.insert(KnownObjects.key(metadata))
                        report(metadata, error)
                    }
                    for object in chunk.objects {
                        seen.insert(KnownObjects.key(object.metadata))
                        for change in current.changes(present: object) { try await handle(change) }
                    }
                } catch {
                    failure = error
                    throw KubernetesError(.canceled, "the list was given up by who asked for it")
                }
            }
        } catch {
            if let failure { throw failure }
            throw Interruption(error: error, resumeAt: nil)
        }
        for gone in known.removeAll(but: seen) { try await handle(.absent(gone, last: nil)) }
        try await handle(.listed)
        return version
    }

    // MARK: Watching

    /// Follows one watch to its end.
    ///
    /// - Returns: where to go on.
    private func follow(
        from start: String, _ known: inout KnownObjects, _ failures: inout Int,
        _ handle: (CollectionChange<Kind>) async throws -> Void
    ) async throws -> String {
        var version = start
        let begin = ContinuousClock.now
        var hasTold = false
        do {
            // Not all at the same time: a server that starts anew would get all its watches back in one second.
            let length = lasting * Double.random(in: 0.8...1)
            var events = try await resources.watch(selection, from: version, lasting: length)
                .makeAsyncIterator()
            while let event = try await events.next() {
                (failures, hasTold) = (0, true)
                switch event {
                case .added(let object), .modified(let object):
                    for change in known.changes(present: object) { try await handle(change) }
                    version = object.metadata.resourceVersion
                case .deleted(let metadata, let last):
                    if let change = known.change(absent: metadata, last: last) { try await handle(change) }
                    version = metadata.resourceVersion
                case .unreadable(let metadata, let error):
                    report(metadata, error)
                    version = metadata.resourceVersion
                case .bookmark(let later): version = later
                }
            }
        } catch let error as KubernetesError {
            throw Interruption(error: error, resumeAt: version)
        }
        guard hasTold || begin.duration(to: .now) > Self.shortest else {
            let error = KubernetesError(
                .unreachable,
                "watch \(resources.type.kind): the server ended the watch as soon as it had begun")
            throw Interruption(error: error, resumeAt: version)
        }
        return version
    }

    private func report(_ metadata: ObjectMetadata, _ error: JSONError) {
        let name = [metadata.namespace, metadata.name].compactMap { $0 }.joined(separator: "/")
        onTrouble(
            KubernetesError(
                .invalidResponse, "follow \(resources.type.kind): \(name) cannot be read: \(error)"), .zero)
    }
}

/// Which objects there are, and in which version.
struct KnownObjects {
    private var objects: [String: RememberedObject] = [:]

    static func key(_ metadata: ObjectMetadata) -> String { "\(metadata.namespace ?? "")/\(metadata.name)" }

    /// What is new about an object that is there: nothing when it was told before; the end of another one when that had its name.
    mutating func changes<Kind>(present object: LiveObject<Kind>) -> [CollectionChange<Kind>] {
        let new = RememberedObject(object.metadata)
        let old = objects.updateValue(new, forKey: Self.key(object.metadata))
        guard let old else { return [.present(object)] }
        if old.uid != new.uid { return [.absent(old, last: nil), .present(object)] }
        return old.resourceVersion == new.resourceVersion ? [] : [.present(object)]
    }

    /// The end of an object; nil when it was told before, or is not the one that has the name now.
    mutating func change<Kind>(absent metadata: ObjectMetadata, last: LiveObject<Kind>?) -> CollectionChange<
        Kind
    >? {
        let key = Self.key(metadata)
        guard let old = objects[key], old.uid == metadata.uid else { return nil }
        objects[key] = nil
        return .absent(old, last: last)
    }

    /// Forgets what is not in `keys`, and says what that was.
    mutating func removeAll(but keys: Set<String>) -> [RememberedObject] {
        let gone = objects.filter { !keys.contains($0.key) }
        for key in gone.keys { objects[key] = nil }
        return gone.sorted { $0.key < $1.key }.map(\.value)
    }
}
