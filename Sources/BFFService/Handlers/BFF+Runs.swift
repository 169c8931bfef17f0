internal import API
internal import Digests
internal import Events
internal import FoundationEssentials
internal import HTTPMessages
internal import HTTPServer
internal import MessageLog
internal import ObjectStore
internal import Runtime

extension BFF {
    func submitRun(_ call: Call) async throws -> ServerResponse {
        var request = try call.body(
            SubmitRequest.self, keys: SubmitRequest.CodingKeys.allCases.map(\.rawValue))
        try check(request, isLocal: call.isLocal)
        try await requireUpload(&request)
        // A folder of another machine is none of this one's.
        if !call.isLocal { request.directory = nil }
        let key = try call.idempotencyKey()
        let response = try await submitter.submit(request, key: key, isLocal: call.isLocal)
        for run in response.runs where !response.isRepeated && !request.dryRun {
            output.info(
                "run submitted", ["run.id": run.id, "name": run.name, "by": call.caller.description])
        }
        return try .json(response, status: request.dryRun || response.isRepeated ? 200 : 201)
    }

    /// That the upload which a request refers to is there: later nobody could send it.
    private func requireUpload(_ request: inout SubmitRequest) async throws {
        guard let upload = request.upload else { return }
        guard request.script == nil, let digest = Digest(.sha256, hexadecimal: upload) else {
            throw APIError(
                .invalidRequest, "upload must be a SHA-256 of 64 hexadecimal digits, and comes without script"
            )
        }
        request.upload = digest.hexadecimal
        guard try await requireObjects().size(of: digest.hexadecimal) != nil else {
            throw APIError(
                .notFound,
                "there is no upload \(digest.hexadecimal): PUT /v1/uploads/\(digest.hexadecimal) first")
        }
    }

    private func check(_ request: SubmitRequest, isLocal: Bool) throws(APIError) {
        if request.script != nil, !isLocal {
            throw APIError(
                .forbidden,
                "a script is a path of the service's own machine, so it is only taken over its unix socket: upload its files, and name the upload"
            )
        }
        for (name, path) in [("directory", request.directory), ("script", request.script)] {
            if let path, !path.hasPrefix("/") {
                throw APIError(.invalidRequest, "\(name) must be an absolute path, not '\(path)'")
            }
        }
        let texts = [request.client.id, request.client.version, request.client.username, request.filename]
        if request.client.id.isEmpty || texts.contains(where: { $0.utf8.count > 1024 || $0.contains("\0") }) {
            throw APIError(
                .invalidRequest,
                "client.id must not be empty, and client and filename have at most 1024 bytes each")
        }
    }

    func listRuns(_ call: Call) async throws -> ServerResponse {
        var query = RunQuery()
        query.statuses = try call.cases("status")
        query.name = call.text("name")
        query.labels = try call.labels()
        query.sweep = call.text("sweep")
        query.username = call.text("username")
        query.since = try call.time("since")
        query.until = try call.time("until")
        query.text = call.text("text")
        query.limit = try call.integer("limit", in: 1...RunQuery.largestLimit, or: RunQuery.usualLimit)
        query.cursor = call.text("cursor")
        try await catchUp(on: [.runs, .commands])
        return try .json(try await model.read { [query] in try $0.runs(query) })
    }

    func getRun(_ call: Call) async throws -> ServerResponse {
        let id = try await resolve(call.part("run"))
        let committed = try await log.committedOffsets(of: "analyzer")
        // What the analyzer has said by then is to be in the answer.
        if !committed.isEmpty { try await catchUp(on: [.alarms]) }
        let (detail, offsets) = try await model.read { (try $0.detail(of: id), try $0.resultOffsets(of: id)) }
        guard var detail else { throw BFF.noRun(id) }
        detail.isAnalyzed =
            detail.summary.status.isFinal
            && offsets.allSatisfy { partition, offset in
                let place = TopicPartition(topic: Topic.results.rawValue, partition: partition)
                return committed[place, default: 0] > offset
            }
        return try .json(detail)
    }

    func getRunDescriptor(_ call: Call) async throws -> ServerResponse {
        let id = try await resolve(call.part("run"))
        guard let submission = try await model.read({ try $0.submission(of: id) }) else {
            throw BFF.noRun(id)
        }
        if call.preferredType(of: ["application/json", "application/toml"]) == "application/toml" {
            return .text(submission.source.document, type: "application/toml")
        }
        return try .json(
            RunDescriptor(run: id, source: submission.source, descriptor: submission.descriptor))
    }

    func cancelRun(_ call: Call) async throws -> ServerResponse {
        var request = CancelRequest()
        if !call.request.body.isEmpty {
            request = try call.body(
                CancelRequest.self, keys: CancelRequest.CodingKeys.allCases.map(\.rawValue))
        }
        let id = try await resolve(call.part("run"))
        let (summary, asked) = try await model.read { (try $0.summary(of: id), try $0.cancelForce(of: id)) }
        guard let summary else { throw BFF.noRun(id) }
        if summary.status.isFinal { return try .json(summary) }
        // Asked once is enough; only force adds something to a cancel that was asked for.
        if asked == nil || asked == false && request.force {
            let command = Command(kind: .cancel, isGraceful: !request.force, reason: request.reason)
            let name = request.force ? "cancel/force" : "cancel"
            _ = try await log.publish([try record(command, key: id, name: name)])
            output.info("cancel requested", ["run.id": id, "force": "\(request.force)"])
        }
        return try .json(summary, status: 202)
    }

    func deleteRun(_ call: Call) async throws -> ServerResponse {
        let id = try await resolve(call.part("run"))
        // A final status that is on the log counts, whether or not this instance has taken it in.
        try await catchUp(on: [.status])
        guard let summary = try await model.read({ try $0.summary(of: id) }) else { throw BFF.noRun(id) }
        guard summary.status.isFinal else {
            throw APIError(
                .conflict,
                "run \(id) is \(summary.status.rawValue) and only runs that have ended can be deleted: cancel it first"
            )
        }
        _ = try await log.publish([try record(Command(kind: .delete), key: id, name: "delete")])
        output.info("run deleted", ["run.id": id])
        // Who deletes and then lists must not see it.
        try await catchUp(on: [.commands])
        return ServerResponse(status: 204)
    }
}

extension Call {
    /// `label=key=value`, any number of times. The value may hold commas and equal signs.
    func labels() throws(APIError) -> [String: String] {
        var labels: [String: String] = [:]
        for item in request.query where item.name == "label" {
            let sides = item.value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty else {
                throw APIError(.invalidRequest, "label must be key=value, not '\(item.value)'")
            }
            if let other = labels.updateValue(String(sides[1]), forKey: String(sides[0])), other != sides[1] {
                throw APIError(.invalidRequest, "label '\(sides[0])' cannot have two values at once")
            }
        }
        return labels
    }

    /// The header `Idempotency-Key`, if it came.
    func idempotencyKey() throws(APIError) -> String? {
        guard let key = request.headers["Idempotency-Key"] else { return nil }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw APIError(
                .invalidRequest, "Idempotency-Key must have 1 to 255 characters of ASCII, without spaces")
        }
        return key
    }
}
