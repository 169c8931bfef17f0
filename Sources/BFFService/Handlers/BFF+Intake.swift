internal import API
internal import Digests
internal import Events
internal import HTTPMessages
internal import HTTPServer
internal import MessageLog
internal import ObjectStore
internal import Runtime

extension BFF {
    /// Takes what a pod measured and printed.
    func postRecords(_ call: Call) async throws -> ServerResponse {
        let run = call.part("run")
        guard let attempt = Int(call.part("attempt")), attempt >= 1 else {
            throw APIError(.invalidRequest, "the attempt in the path must be a number from 1")
        }
        try await requireGoing(run)
        let records = try await reader.records(
            in: call.request.body, by: RecordIntake(run: run, attempt: attempt))
        let waiting = try await backlog.count(
            partitions: (progress.positions.keys.map(\.partition).max() ?? 0) + 1)
        guard waiting < Backlog.most else {
            throw APIError(
                .overloaded,
                "\(waiting) records wait to be stored, and no more are taken until there are fewer: keep yours, and send them again later"
            )
        }
        do {
            _ = try await log.publish(records)
        } catch {
            guard error.code == .full else { throw error }
            // To an agent that is a reason to wait, as any other.
            throw APIError(
                .unavailable, "the message log is full: keep the records, and send them again later")
        }
        return try .json(RecordsReceipt(records: records.count))
    }

    /// That a run is there, and may still be measured.
    private func requireGoing(_ run: String) async throws {
        var standing = try await model.read { try $0.standing(of: run) }
        if standing == .unknown {
            // It may have been submitted a moment ago.
            try await catchUp(on: [.runs])
            standing = try await model.read { try $0.standing(of: run) }
        }
        switch standing {
        case .going: return
        case .unknown: throw APIError(.notFound, "there is no run '\(run)'")
        case .over(let status):
            throw APIError(.gone, "run \(run) is \(status.rawValue): nothing more is taken or given for it")
        case .deleted: throw APIError(.gone, "run \(run) was deleted: nothing more is taken or given for it")
        }
    }

    /// Gives a pod one of the contents that its run was fetched with.
    func getObject(_ call: Call) async throws -> ServerResponse {
        guard case .run(let run) = call.caller else {
            throw APIError(.forbidden, "contents are given to the pods of a run, by the run's token")
        }
        let sha256 = try call.digest("sha256")
        try await requireGoing(run)
        var known = try await model.read { try $0.fetched(by: run, sha256) }
        if known == nil {
            try await catchUp(on: [.fetched])
            known = try await model.read { try $0.fetched(by: run, sha256) }
        }
        guard let content = known else {
            throw APIError(.notFound, "run \(run) was not fetched with a content \(sha256)")
        }
        if call.request.headers["If-None-Match"]?.contains("\"\(sha256)\"") == true {
            return ServerResponse(status: 304, headers: ["ETag": "\"\(sha256)\""])
        }
        let object = StoredObject(
            kind: content.kind == .file ? .file : .directory, sha256: sha256, size: content.size)
        let path = try await requireObjects().location(of: object)
        return object.kind == .file
            ? try ContentAnswer(sha256: sha256, path: path).file(call.request)
            : ContentAnswer(sha256: sha256, path: path).folder()
    }

    /// Whether an upload is there already: then it need not be sent.
    func headUpload(_ call: Call) async throws -> ServerResponse {
        let sha256 = try call.digest("sha256")
        guard try await requireObjects().size(of: sha256) != nil else {
            throw APIError(.notFound, "there is no upload \(sha256)")
        }
        return ServerResponse(headers: ["ETag": "\"\(sha256)\""])
    }

    /// Takes an upload into the object store, if it is what its name says.
    func putUpload(_ call: Call) async throws -> ServerResponse {
        let sha256 = try call.digest("sha256")
        let store = try requireObjects()
        guard let file = call.request.bodyFile else {
            throw APIError(.invalidRequest, "there is no body")
        }
        let isNew = try await store.size(of: sha256) == nil
        let size = try await store.adopt(file.path, as: sha256)
        output.info("upload taken", ["sha256": sha256, "bytes": "\(size)", "by": call.caller.description])
        return try .json(UploadReceipt(sha256: sha256, size: size), status: isNew ? 201 : 200)
    }

    func requireObjects() throws(APIError) -> FolderStore {
        guard let objects else { throw APIError(.unavailable, "this service has no object store") }
        return objects
    }
}

extension Call {
    /// A SHA-256 in the path: 64 hexadecimal digits and nothing else, so that it leads nowhere as a part of a file's path.
    func digest(_ name: String) throws(APIError) -> String {
        guard let digest = Digest(.sha256, hexadecimal: part(name)) else {
            throw APIError(.invalidRequest, "\(name) must be a SHA-256: 64 hexadecimal digits")
        }
        return digest.hexadecimal
    }
}
