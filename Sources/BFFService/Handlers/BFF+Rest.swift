internal import API
internal import Events
internal import FoundationEssentials
internal import HTTPMessages
internal import HTTPServer
internal import JSON
internal import MessageLog
internal import Runtime

extension BFF {
    private func limit(_ call: Call) throws(APIError) -> Int {
        try call.integer("limit", in: 1...RunQuery.largestLimit, or: RunQuery.usualLimit)
    }

    func listAlarms(_ call: Call) async throws -> ServerResponse {
        var query = AlarmQuery()
        query.states = try call.cases("state")
        query.series = call.text("series")
        query.limit = try limit(call)
        query.cursor = call.text("cursor")
        if let run = call.text("run") { query.run = try await resolve(run) }
        return try .json(try await model.read { [query] in try $0.alarms(query) })
    }

    func getAlarm(_ call: Call) async throws -> ServerResponse {
        let id = call.part("alarm")
        guard let alarm = try await model.read({ try $0.alarm(id) }) else {
            throw APIError(.notFound, "there is no alarm '\(id)'")
        }
        return try .json(alarm)
    }

    func listSeries(_ call: Call) async throws -> ServerResponse {
        var query = SeriesQuery()
        query.benchmark = call.text("benchmark")
        query.metric = call.text("metric")
        query.limit = try limit(call)
        query.cursor = call.text("cursor")
        return try .json(try await model.read { [query] in try $0.series(query) })
    }

    func getSeries(_ call: Call) async throws -> ServerResponse {
        let (id, limit, cursor) = (call.part("series"), try limit(call), call.text("cursor"))
        guard let series = try await model.read({ try $0.series(id, limit: limit, cursor: cursor) }) else {
            throw APIError(.notFound, "there is no series '\(id)'")
        }
        return try .json(series)
    }

    func listDeadLetters(_ call: Call) async throws -> ServerResponse {
        let (limit, cursor) = (try limit(call), call.text("cursor"))
        try await catchUp(on: [.deadletter])
        return try .json(try await model.read { try $0.deadLetters(limit: limit, cursor: cursor) })
    }

    func replayDeadLetter(_ call: Call) async throws -> ServerResponse {
        let id = call.part("letter")
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let partition = Int(parts[0]), let offset = Int64(parts[1]) else {
            throw APIError(
                .notFound, "there is no dead letter '\(id)': an id is partition-offset, such as 3-42")
        }
        return try await replays.take(id) { try await replay(id, partition, offset) }
    }

    private func replay(_ id: String, _ partition: Int, _ offset: Int64) async throws -> ServerResponse {
        guard try await catchUp(on: [.deadletter]) else {
            throw APIError(.unavailable, "the read model is being built: try again in a moment")
        }
        let found = try await model.read { try $0.deadLetter(partition: partition, offset: offset) }
        guard let entry = found else { throw APIError(.notFound, "there is no dead letter '\(id)'") }
        if let time = entry.replayed {
            let when = Date(timeIntervalSince1970: Double(time.milliseconds) / 1000).formatted(.iso8601)
            throw APIError(
                .conflict,
                "dead letter \(id) was replayed at \(when): if its record failed again, it is another dead letter now"
            )
        }
        let letter = entry.letter
        if let obstacle = letter.obstacleToReplay {
            throw APIError(.conflict, "dead letter \(id): \(obstacle)")
        }
        let original = NewRecord(
            topic: letter.topic, key: letter.key, headers: letter.headers, value: letter.value)
        let mark = try record(
            DeadLetterReplayed(partition: partition, offset: offset), key: letter.key, name: "replayed/\(id)")
        // Together: a record is never published again without its mark, nor marked without being published.
        let positions = try await log.publish([original, mark])
        output.info("dead letter replayed", ["letter": id, "run.id": letter.key])
        return try .json(
            ReplayResponse(
                id: id, topic: letter.topic, key: letter.key, position: positions.first?.description ?? ""))
    }

    func getVersion(_ call: Call) async throws -> ServerResponse {
        try .json(VersionReport(version: Version.current, api: "v1"))
    }

    func getOpenAPI(_ call: Call) async throws -> ServerResponse {
        ServerResponse(
            headers: ["Content-Type": "application/json"], body: .bytes(try OpenAPIDocument.bytes()))
    }
}

extension DeadLetter {
    /// Why its record cannot be published again; nil where it can.
    var obstacleToReplay: String? {
        if topic.hasPrefix(Topic.state(of: "")) {
            return "what \(service) had in hand is not replayed, since it has moved on; submit the run again"
        }
        if damaged == true {
            return
                "its record was damaged in the log: what is left of it is not what was published; do again what it asked for"
        }
        return value == nil
            ? "its record was too large to be kept in it, and is at \(topic)/\(partition)@\(offset) only"
            : nil
    }

    /// The record's value as it was.
    var value: [UInt8]? {
        if let text { return Array(text.utf8) }
        return bytes.flatMap { Data(base64Encoded: $0) }.map { Array($0) }
    }
}
