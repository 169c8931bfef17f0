package import API
internal import HTTPMessages
internal import JSON
internal import Runtime

extension BFFClient {
    /// What happens to one run, from after `cursor` (nil: from its beginning) until its final status. Lost connections are taken up again where they
    /// broke: no event is missed and none comes twice.
    ///
    /// The stream throws a `BFFClientError`: at once when the first connection cannot be made, later when none can be made for longer than
    /// `Settings.patience`.
    package func events(of run: String, after cursor: String? = nil) -> AsyncThrowingStream<
        RunEvent, any Error
    > {
        follow(path(run, "/events"), [], after: cursor) { StreamPlace(cursor: $0.cursor, id: $0.id) }
    }

    /// What happens to any run, from after `cursor`, for as long as it is read; nil: from now on.
    package func allEvents(after cursor: String? = nil) -> AsyncThrowingStream<RunEvent, any Error> {
        follow("/v1/events", [QueryItem("follow", "true")], after: cursor) {
            StreamPlace(cursor: $0.cursor, id: $0.id)
        }
    }

    /// What a run prints: what is there and fits `query`, and, with `follow`, what comes until the run has ended and all of it is stored.
    package func logs(
        of run: String, _ query: LogQuery = LogQuery(), follow isFollowing: Bool
    ) -> AsyncThrowingStream<LogEntry, any Error> {
        var first = query
        first.cursor = nil
        var items = first.items
        if isFollowing { items.append(QueryItem("follow", "true")) }
        return follow(path(run, "/logs"), items, after: query.cursor) {
            StreamPlace(cursor: $0.cursor, id: $0.cursor)
        }
    }

    private func follow<Item: Decodable & Sendable>(
        _ path: String, _ query: [QueryItem], after cursor: String?,
        place: @escaping @Sendable (Item) -> StreamPlace
    ) -> AsyncThrowingStream<Item, any Error> {
        let request = BFFRequest(
            method: .get, path: path, query: query, headers: ["Accept": "text/event-stream"],
            timeout: settings.timeout)
        let follower = StreamFollower(client: self, request: request, cursor: cursor, place: place)
        return AsyncThrowingStream { try await follower.next() }
    }
}

/// Where an item stands in its stream.
struct StreamPlace: Sendable {
    /// What to go on from.
    var cursor: String
    /// What the item is known by, whatever its cursor.
    var id: String
}

/// Reads one stream, over as many connections as it takes.
actor StreamFollower<Item: Decodable & Sendable> {
    /// So many of the latest items are remembered, to know one that comes again. A server that lost its read model builds it anew and may
    /// go back a little, so that nothing is missed.
    private static var remembered: Int { 4096 }

    private let client: BFFClient
    private let request: BFFRequest
    private let place: @Sendable (Item) -> StreamPlace
    private var cursor: String?
    private var seen = RecentSet(capacity: StreamFollower.remembered)
    private var stream: BFFStream?
    private var parser = ServerSentEventParser()
    private var waiting: ArraySlice<ServerSentEvent> = []
    private var hasConnected = false
    private var isOver = false
    private var failures = 0
    private var failingSince: Timestamp?

    init(
        client: BFFClient, request: BFFRequest, cursor: String?,
        place: @escaping @Sendable (Item) -> StreamPlace
    ) {
        self.client = client
        self.request = request
        self.cursor = cursor
        self.place = place
    }

    /// The next item; nil after the last.
    func next() async throws -> Item? {
        while !isOver {
            if let event = waiting.popFirst() {
                if let item = try take(event) { return item }
            } else {
                try await receive()
            }
        }
        return nil
    }

    /// The item in `event`; nil where it holds none that is new.
    private func take(_ event: ServerSentEvent) throws(BFFClientError) -> Item? {
        switch event.name {
        case StreamEvent.end:
            isOver = true
            return nil
        case StreamEvent.error:
            throw BFFClientError(BFFAnswer(status: 500, body: Array(event.data.utf8)), to: request)
        default: break
        }
        let item: Item
        do {
            item = try JSONCoding.decode(Item.self, from: event.data.utf8)
        } catch {
            throw BFFClientError(
                .unexpectedAnswer, "the stream holds what this version does not understand: \(error)")
        }
        let place = place(item)
        cursor = place.cursor
        return seen.insert(place.id) ? item : nil
    }

    /// Reads the next piece, over a new connection if there is none.
    private func receive() async throws {
        do {
            guard let piece = try await connection().next() else {
                // Without an `end` the server went away in the middle.
                throw BFFClientError(.unreachable, "the connection ended in the middle of the stream")
            }
            guard let events = parser.events(in: piece) else {
                throw BFFClientError(.unexpectedAnswer, "the stream holds an event that does not end")
            }
            waiting = events[...]
            if !waiting.isEmpty { (failures, failingSince) = (0, nil) }
        } catch let error as BFFClientError {
            stream = nil
            try await waitAfter(error)
        }
    }

    private func connection() async throws(BFFClientError) -> BFFStream {
        if let stream { return stream }
        var request = request
        request.headers["Last-Event-ID"] = cursor
        let opened = try await client.transport.open(request)
        guard opened.status == 200 else { throw await refusal(opened) }
        stream = opened
        parser = ServerSentEventParser()
        hasConnected = true
        return opened
    }

    /// The error that a stream answered with instead of events.
    private func refusal(_ stream: BFFStream) async -> BFFClientError {
        var body: [UInt8] = []
        // An error's body is small; what breaks off or is longer is none of ours and told as such.
        while body.count < 1 << 20, let piece = try? await stream.next() { body += piece }
        return BFFClientError(BFFAnswer(status: stream.status, body: body), to: request)
    }

    /// Waits before the next try; throws when there is none to make.
    private func waitAfter(_ error: BFFClientError) async throws {
        let now = client.time.now
        let since = failingSince ?? now
        guard hasConnected, error.isTransient, now - since < client.settings.patience else { throw error }
        failingSince = since
        failures += 1
        try await client.time.sleep(for: client.settings.backoff.delay(after: failures))
    }
}

/// The latest members of a set, up to a number; older ones are forgotten.
struct RecentSet {
    private let capacity: Int
    private var members: Set<String> = []
    private var order: [String] = []
    private var oldest = 0

    init(capacity: Int) { self.capacity = capacity }

    /// Adds a member; false when it is there already.
    mutating func insert(_ member: String) -> Bool {
        guard members.insert(member).inserted else { return false }
        if order.count < capacity {
            order.append(member)
        } else {
            members.remove(order[oldest])
            order[oldest] = member
            oldest = (oldest + 1) % capacity
        }
        return true
    }
}
