internal import API
internal import Events
internal import HTTPMessages
internal import HTTPServer
internal import JSON
internal import Runtime

extension BFF {
    /// How often a stream that has nothing to tell says that it is alive.
    static let keepAlive = Duration.seconds(15)
    /// How many events are read at once.
    private static let eventPage = 500

    func listRunEvents(_ call: Call) async throws -> ServerResponse {
        let id = try await resolve(call.part("run"))
        return try await events(of: id, call)
    }

    func listEvents(_ call: Call) async throws -> ServerResponse {
        try await events(of: nil, call)
    }

    private func events(of run: String?, _ call: Call) async throws -> ServerResponse {
        let limit = try call.integer("limit", in: 1...RunQuery.largestLimit, or: RunQuery.usualLimit)
        var cursor = try call.streamCursor().map { text throws(APIError) in try EventCursor(text) }
        if call.preferredType(of: ["text/event-stream", "application/json"]) == "application/json" {
            if run == nil { try await catchUp(on: [.runs]) }
            return try .json(try await page(of: run, after: cursor, limit: limit))
        }
        let isFollowing = try run != nil || call.flag("follow")
        if run == nil, isFollowing, cursor == nil {
            // From now on.
            cursor = try await model.read {
                EventCursor(incarnation: $0.incarnation, sequence: try $0.lastPlace(), logged: time.now)
            }
        }
        return .events { [cursor] in
            try await stream(of: run, after: cursor, isFollowing: isFollowing, to: $0)
        }
    }

    private func page(of run: String?, after cursor: EventCursor?, limit: Int) async throws -> Page<RunEvent>
    {
        try await model.read { reading in
            guard let place = try reading.place(cursor) else { return Page(items: []) }
            let events = try reading.events(of: run, after: place, limit: limit + 1)
            let items = Array(events.prefix(limit))
            return Page(items: items, next: events.count > limit ? items.last?.cursor : nil)
        }
    }

    /// Writes what is there, and then what comes, until the run has ended.
    private func stream(
        of run: String?, after start: EventCursor?, isFollowing: Bool, to writer: ResponseWriter
    ) async throws {
        // Before the first look, so that nothing can come unnoticed between looking and waiting.
        let subscription = changes.subscribe(to: run)
        var cursor = start
        var written = ContinuousClock.now
        while !Task.isCancelled {
            let (events, isOver) = try await look(run, after: cursor, isFollowing: isFollowing)
            for event in events {
                try await writer.write(
                    ServerSentEvent(id: event.cursor, data: try JSONCoding.text(event)))
            }
            if let last = events.last {
                cursor = try EventCursor(last.cursor)
                written = .now
                continue
            }
            if isOver { return try await writer.write(ServerSentEvent(name: StreamEvent.end, data: "{}")) }
            if .now - written >= BFF.keepAlive {
                try await writer.write(ServerSentEvent.keepAlive)
                written = .now
            }
            await subscription.wait()
        }
    }

    /// The next events, and whether nothing will come behind them.
    private func look(
        _ run: String?, after cursor: EventCursor?, isFollowing: Bool
    ) async throws -> (events: [RunEvent], isOver: Bool) {
        try await model.read { reading in
            var isOver = !isFollowing
            if let run { isOver = try reading.summary(of: run).map(\.status.isFinal) ?? true }
            guard let place = try reading.place(cursor) else { return ([], isOver) }
            return (try reading.events(of: run, after: place, limit: BFF.eventPage), isOver)
        }
    }
}

extension Call {
    /// Where a stream goes on: what a client that lost its connection sends, else the parameter.
    func streamCursor() -> String? {
        request.headers["Last-Event-ID"].flatMap { $0.isEmpty ? nil : $0 } ?? text("cursor")
    }
}
