import HTTPServer
import JSON
import Runtime

extension KubernetesStandIn {
    // MARK: Lists

    func list(_ request: APIRequest) throws(APIFailure) -> ServerResponse {
        let filter = try Self.filter(request)
        let limit = try Self.number(request, "limit") ?? 0
        return try state.withLock { state throws(APIFailure) in
            let kind = request.kind
            var (objects, revision, start) = (state.cluster.objects[kind] ?? [:], state.cluster.revision, "")
            if let token = request.query("continue") {
                (objects, revision, start) = try Self.resume(token, request, state.cluster)
            } else {
                try Self.checkVersion(request.query("resourceVersion"), state.cluster)
            }
            let ordered = Cluster.ordered(objects, in: request.namespace).filter {
                $0.key > start && filter.matches($0.value)
            }
            let chunk = limit > 0 ? ordered.prefix(limit) : ordered[...]
            var metadata: JSONValue = ["resourceVersion": .string("\(revision)")]
            if chunk.count < ordered.count, let last = chunk.last {
                if request.query("continue") == nil { state.cluster.keepSnapshot(of: kind) }
                metadata["continue"] = .string(Self.token(revision, last.key))
                if request.query("labelSelector") == nil, request.query("fieldSelector") == nil {
                    metadata["remainingItemCount"] = .integer(Int64(ordered.count - chunk.count))
                }
            }
            // The elements of a list do not say of which kind they are: the list does.
            let items = chunk.map { entry -> JSONValue in
                var item = entry.value
                item["kind"] = nil
                item["apiVersion"] = nil
                return item
            }
            return Self.json([
                "kind": .string("\(kind.kind)List"), "apiVersion": .string(kind.apiVersion),
                "metadata": metadata,
                "items": .array(items),
            ])
        }
    }

    private static func filter(_ request: APIRequest) throws(APIFailure) -> ObjectFilter {
        var filter = ObjectFilter(namespace: request.namespace)
        if let text = request.query("labelSelector") { filter.labels = try LabelSelector(text) }
        if let text = request.query("fieldSelector") { filter.fields = try FieldSelector(text, request.kind) }
        return filter
    }

    private static func number(_ request: APIRequest, _ name: String) throws(APIFailure) -> Int? {
        guard let text = request.query(name) else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw .badRequest("strconv.ParseInt: parsing \"\(text)\": invalid syntax")
        }
        return number
    }

    /// Opaque to clients, who must not look into it.
    private static func token(_ revision: Int, _ key: String) -> String {
        Base64.encode(Array(key.utf8)).filter { $0 != "=" } + ".\(revision)"
    }

    private static func resume(
        _ token: String, _ request: APIRequest, _ cluster: Cluster
    ) throws(APIFailure) -> ([String: JSONValue], Int, String) {
        if request.query("resourceVersion") != nil {
            throw .badRequest("specifying resource version is not allowed when using continue")
        }
        let parts = token.split(separator: ".")
        guard parts.count == 2, let revision = Int(parts[1]) else {
            throw .badRequest("continue key is not valid: it was not made by this server")
        }
        guard revision >= cluster.compacted, let objects = cluster.snapshot(of: request.kind, at: revision)
        else {
            var failure = APIFailure.expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list."
            )
            failure.continueToken = "inconsistent"
            throw failure
        }
        let key = objects.keys.first { Base64.encode(Array($0.utf8)).filter { $0 != "=" } == parts[0] } ?? ""
        return (objects, revision, key)
    }

    /// A version that this server has not reached yet.
    private static func checkVersion(_ text: String?, _ cluster: Cluster) throws(APIFailure) {
        guard let text else { return }
        guard let version = Int(text) else {
            throw .badRequest(
                "Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax")
        }
        guard version > cluster.revision else { return }
        throw APIFailure(
            code: 504, reason: "Timeout",
            message: "Too large resource version: \(version), current: \(cluster.revision)",
            details: [
                "causes": [["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]],
                "retryAfterSeconds": 1,
            ], retryAfter: 1)
    }

    // MARK: Watches

    func watch(_ request: APIRequest) throws(APIFailure) -> ServerResponse {
        let filter = try Self.filter(request)
        let timeout = try Self.number(request, "timeoutSeconds")
        let (cluster, generation, repeated, interval) = state.withLock {
            ($0.cluster, $0.generation, $0.repeatsEvents, $0.bookmarkInterval)
        }
        try Self.checkVersion(request.query("resourceVersion"), cluster)
        var version = Int(request.query("resourceVersion") ?? "0") ?? 0
        var first: [JSONValue] = []
        if version == 0 {
            // Without a version, what is there now comes first.
            first = cluster.collection(request.kind, in: request.namespace).filter(filter.matches).map {
                ["type": "ADDED", "object": $0]
            }
            version = cluster.revision
        }
        let watcher = Watcher(
            standIn: self, kind: request.kind, filter: filter, generation: generation, bookmarks: interval,
            wantsBookmarks: ["true", "1"].contains(request.query("allowWatchBookmarks") ?? ""),
            end: .now + .seconds(timeout ?? 1800))
        // Forgotten versions are not repeated.
        let start = max(version - repeated, min(version, cluster.compacted))
        let events = first
        return .stream(type: "application/json") { writer in
            for event in events { try await writer.write(event.bytes + [UInt8(ascii: "\n")]) }
            try await watcher.run(from: start, writer)
        }
    }

    // MARK: Logs

    func log(_ request: APIRequest) throws(APIFailure) -> ServerResponse {
        guard request.verb == "get" else {
            throw APIFailure(
                code: 405, reason: "MethodNotAllowed",
                message: "the server does not allow this method on the requested resource")
        }
        let (pod, generation) = state.withLock {
            ($0.cluster.object(.pod, request.namespace, request.name), $0.generation)
        }
        guard let pod else { throw .notFound(.pod, request.name) }
        let query = try PodLogQuery(request, pod)
        try Self.checkStarted(pod, query)
        let key = "\(pod.namespace ?? "")/\(pod.name)/\(query.container)"
        return .stream(type: "text/plain") { [self] writer in
            let (bells, number) = listen()
            defer { stopListening(number) }
            var sent = 0
            var budget = query.limitBytes ?? .max
            let log = state.withLock { $0.chosen(query, key) }
            let restart = log.restart
            sent = log.lines.count - query.first(of: log).count
            var rings = bells.makeAsyncIterator()
            while true {
                let (found, now) = state.withLock { ($0.log(key, restart: restart), $0.generation) }
                // A container that was started again has another log: this one has ended.
                let log = found ?? PodLog(isOpen: restart == 0)
                guard now == generation else { throw CancellationError() }
                for line in log.lines[min(sent, log.lines.count)...] {
                    let bytes = query.bytes(line).prefix(budget)
                    budget -= bytes.count
                    try await writer.write(Array(bytes))
                    if budget == 0 { return }
                }
                sent = log.lines.count
                if !query.follow || !log.isOpen { return }
                guard await rings.next() != nil else { return }
            }
        }
    }

    /// A container that has not started has no log yet.
    private static func checkStarted(_ pod: JSONValue, _ query: PodLogQuery) throws(APIFailure) {
        let statuses =
            (pod["status"]?["containerStatuses"]?.array ?? [])
            + (pod["status"]?["initContainerStatuses"]?.array ?? [])
        let status = statuses.first { $0["name"]?.string == query.container }
        if query.previous, status?["lastState"]?["terminated"] == nil {
            throw .badRequest(
                "previous terminated container \"\(query.container)\" in pod \"\(pod.name)\" not found")
        }
        let waiting = status?["state"]?["waiting"]?["reason"]?.string
        if let waiting {
            throw .badRequest(
                "container \"\(query.container)\" in pod \"\(pod.name)\" is waiting to start: \(waiting)")
        }
        guard pod["spec"]?["nodeName"] != nil else {
            throw .badRequest("pod \(pod.name) does not have a host assigned")
        }
    }

    // MARK: Bells

    /// Rings when something changed, once for any number of changes that nobody has looked at.
    func listen() -> (bells: AsyncStream<Void>, number: Int) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.nextBell += 1
            state.bells[state.nextBell] = continuation
            return state.nextBell
        }
        return (stream, number)
    }

    func stopListening(_ number: Int) {
        state.withLock { $0.bells.removeValue(forKey: number) }?.finish()
    }
}

/// Writes one watch.
struct Watcher: Sendable {
    let standIn: KubernetesStandIn
    let kind: ServedKind
    let filter: ObjectFilter
    let generation: Int
    let bookmarks: Duration
    let wantsBookmarks: Bool
    let end: ContinuousClock.Instant

    /// Writes the changes after `start` until the time is over; breaks off when the stand-in breaks streams.
    func run(from start: Int, _ writer: ResponseWriter) async throws {
        var version = start
        let (bells, number) = standIn.listen()
        // Bookmarks and the end come when nothing changes, too.
        let clock = Task {
            while !Task.isCancelled {
                // The clock's own pace.
                try? await Task.sleep(for: bookmarks)
                standIn.state.withLock { _ = $0.bells[number]?.yield() }
            }
        }
        defer {
            clock.cancel()
            standIn.stopListening(number)
        }
        var rings = bells.makeAsyncIterator()
        var lastBookmark = ContinuousClock.now
        while true {
            let now = standIn.state.withLock { state in
                // A copy of what is new alone: one of the cluster would have to be kept apart from the next change.
                Moment(
                    changes: Array(state.cluster.changes(of: kind, after: version)),
                    revision: state.cluster.revision, compacted: state.cluster.compacted,
                    generation: state.generation)
            }
            guard now.generation == generation else { throw CancellationError() }
            guard version >= now.compacted else {
                let words = "too old resource version: \(version) (\(now.compacted))"
                try await write("ERROR", APIFailure.expired(words).status, writer)
                return
            }
            for change in now.changes {
                version = change.revision
                if let (type, object) = event(of: change) { try await write(type, object, writer) }
            }
            if ContinuousClock.now >= end { return }
            if wantsBookmarks, ContinuousClock.now - lastBookmark >= bookmarks {
                lastBookmark = .now
                version = max(version, now.revision)
                try await write(
                    "BOOKMARK",
                    [
                        "kind": .string(kind.kind), "apiVersion": .string(kind.apiVersion),
                        "metadata": ["resourceVersion": .string("\(version)"), "creationTimestamp": .null],
                    ], writer)
            }
            guard await rings.next() != nil else { return }
        }
    }

    /// What a watch sees at a time.
    private struct Moment {
        var changes: [Cluster.Change]
        var revision: Int
        var compacted: Int
        var generation: Int
    }

    /// What a change is to somebody who sees only what the filter lets through.
    private func event(of change: Cluster.Change) -> (String, JSONValue)? {
        let was = change.previous.map(filter.matches) ?? false
        let isIn = !change.isRemoval && filter.matches(change.object)
        switch (was, isIn) {
        case (false, true): return ("ADDED", change.object)
        case (true, true): return ("MODIFIED", change.object)
        case (true, false):
            // As it was when it was last in the selection, with the version of the change.
            var object = change.isRemoval ? change.object : change.previous ?? change.object
            object["metadata"]?["resourceVersion"] = change.object["metadata"]?["resourceVersion"]
            return ("DELETED", object)
        case (false, false): return nil
        }
    }

    private func write(_ type: String, _ object: JSONValue, _ writer: ResponseWriter) async throws {
        let event: JSONValue = ["type": .string(type), "object": object]
        try await writer.write(event.bytes + [UInt8(ascii: "\n")])
    }
}
