internal import Digests
internal import Glibc
internal import HTTPClient
internal import HTTPMessages
internal import Runtime

/// Takes what a URL gives into the store: only what has changed, from where an earlier try was interrupted, and as often as it takes.
struct WebDownload: Sendable {
    let client: HTTPClient
    let folder: ObjectFolder
    let source: Source
    let url: String
    let limit: Int64
    let retry: RetryPolicy
    let idleTimeout: Duration

    private static let mostRedirects = 10

    /// Why a try did not come to an end.
    private enum Interruption: Error {
        /// It may go better later.
        case passing(String, HTTPResponseHead?)
        /// What was there did not fit; from the beginning, at once.
        case startOver
        case final(ObjectStoreError)
    }

    private enum Answer {
        case whole(PartialFile.Validators)
        /// As it was the last time.
        case unchanged(String)
    }

    func take() async throws(ObjectStoreError) -> StoredObject {
        let partial = PartialFile(
            folder, key: SourceIndex.key(url), computesMD5: source.digest(.md5) != nil)
        try await partial.open()
        var wasStartedOver = false
        while true {
            let answer = try await answer(partial)
            do throws(ObjectStoreError) {
                return try await finish(partial, answer)
            } catch {
                // A beginning and an end of different contents: the server did not say so, the digest does.
                guard error.code == .digestMismatch, await partial.isPieced, !wasStartedOver else {
                    throw error
                }
                wasStartedOver = true
                try await partial.restart(.init())
            }
        }
    }

    /// Verifies what has come and keeps it.
    private func finish(_ partial: PartialFile, _ answer: Answer) async throws(ObjectStoreError)
        -> StoredObject
    {
        switch answer {
        case .unchanged(let sha256):
            let size = try await Blocking.run { _ throws(ObjectStoreError) in try folder.size(of: sha256) }
            guard let size else {
                throw ObjectStoreError(.downloadFailed, "\(source.label) vanished from the store")
            }
            return StoredObject(kind: .file, sha256: sha256, size: size)
        case .whole(let validators):
            let result = await partial.finish()
            do throws(ObjectStoreError) {
                try DigestCheck(source).check(sha256: result.sha256) { result.md5 }
            } catch {
                if await !partial.isPieced { try await partial.restart(.init()) }
                throw error
            }
            try await partial.adopt(as: result.sha256)
            let entry = SourceIndex.WebEntry(
                sha256: result.sha256, etag: validators.etag, lastModified: validators.lastModified)
            _ = try await Blocking.run { _ throws(ObjectStoreError) in
                let index = SourceIndex(folder: folder)
                index.setWeb(url, entry)
                if let md5 = result.md5 { index.setSHA256(result.sha256, ofMD5: md5) }
            }
            return StoredObject(kind: .file, sha256: result.sha256, size: result.size)
        }
    }

    /// Tries until the whole content is there. As long as a try gets further than any before, it counts as the first.
    private func answer(_ partial: PartialFile) async throws(ObjectStoreError) -> Answer {
        var attempt = 1
        var furthest = await partial.size
        while true {
            do throws(Interruption) {
                return try await attemptOnce(partial)
            } catch {
                switch error {
                case .final(let error): throw error
                case .startOver:
                    try await partial.restart(.init())
                    attempt += 1
                    if attempt > retry.attempts {
                        throw ObjectStoreError(
                            .downloadFailed,
                            "\(source.label): the server answers about parts of it that nobody asked for")
                    }
                case .passing(let words, let head):
                    let size = await partial.size
                    attempt = size > furthest ? 1 : attempt
                    furthest = max(furthest, size)
                    guard let wait = retry.wait(afterAttempt: attempt, head: head) else {
                        throw ObjectStoreError(
                            .downloadFailed, "\(source.label): \(words), after \(attempt) tries")
                    }
                    attempt += 1
                    do { try await retry.time.sleep(for: wait) } catch { throw .cancellation }
                }
            }
        }
    }

    private func attemptOnce(_ partial: PartialFile) async throws(Interruption) -> Answer {
        let remembered = await remembered(beside: partial)
        let request = await request(partial, remembered)
        let stream: HTTPStream
        do {
            stream = try await client.stream(request)
        } catch {
            throw interruption(error)
        }
        let head = stream.head
        switch head.status {
        case 304:
            guard let remembered else { throw .startOver }
            return .unchanged(remembered.sha256)
        case 200:
            try checkLength(head.headers["Content-Length"].flatMap(Int64.init))
            try await storing { () throws(ObjectStoreError) in try await partial.restart(head.validators) }
        case 206:
            guard let range = ContentRange(head), await range.start == partial.size else { throw .startOver }
            try checkLength(range.total)
            await partial.resume()
        case 416:
            // Nothing is missing, if the whole is as long as what is here.
            guard let total = ContentRange(head)?.total, await total == partial.size else { throw .startOver }
            return .whole(await partial.validators)
        default: throw refusal(head)
        }
        try await receive(stream.body, into: partial)
        return .whole(await partial.validators)
    }

    private func receive(_ body: HTTPBody, into partial: PartialFile) async throws(Interruption) {
        var pieces = body.makeAsyncIterator()
        while true {
            let piece: [UInt8]?
            do {
                piece = try await pieces.next()
            } catch {
                throw interruption(error)
            }
            guard let piece else { return }
            guard await partial.size + Int64(piece.count) <= limit else { throw .final(tooLarge) }
            try await storing { () throws(ObjectStoreError) in try await partial.append(piece) }
        }
    }
}

// What is asked.
extension WebDownload {
    /// What the URL gave the last time, where that is of use: nothing else is asked for, the store has it still, and nothing is half done.
    private func remembered(beside partial: PartialFile) async -> SourceIndex.WebEntry? {
        guard source.digests.isEmpty, await partial.size == 0 else { return nil }
        let known = try? await Blocking.run { _ throws(ObjectStoreError) -> SourceIndex.WebEntry? in
            guard let entry = SourceIndex(folder: folder).web(url),
                let size = try folder.size(of: entry.sha256)
            else { return nil }
            return size <= limit ? entry : nil
        }
        return known ?? nil
    }

    private func request(
        _ partial: PartialFile, _ remembered: SourceIndex.WebEntry?
    ) async -> HTTPRequest {
        var request = HTTPRequest(.get, url)
        request.redirects = .follow(most: WebDownload.mostRedirects)
        request.idleTimeout = idleTimeout
        // Of a content that is packed on the way no part can be asked for.
        request.headers["Accept-Encoding"] = "identity"
        let size = await partial.size
        if size > 0 {
            let validator = await partial.validators.range
            // Without a validator only a digest can tell whether the parts belong together.
            if validator != nil || !source.digests.isEmpty { request.headers["Range"] = "bytes=\(size)-" }
            request.headers["If-Range"] = validator
        } else if let remembered {
            request.headers["If-None-Match"] = remembered.etag
            request.headers["If-Modified-Since"] = remembered.etag == nil ? remembered.lastModified : nil
        }
        return request
    }
}

// What is answered.
extension WebDownload {
    private func checkLength(_ length: Int64?) throws(Interruption) {
        guard let length else { return }
        if length > limit { throw .final(tooLarge) }
        var status = statvfs()
        guard statvfs(folder.root, &status) == 0 else { return }
        let free = Int64(status.f_bavail) * Int64(status.f_frsize)
        if length > free {
            throw .final(
                ObjectStoreError(
                    .storeUnavailable,
                    "\(source.label) has \(length) bytes, but only \(free) are free where the object store is, "
                        + "\(folder.root)"))
        }
    }

    private func refusal(_ head: HTTPResponseHead) -> Interruption {
        let words = "the server answers \(head.status)"
        if head.isTransient { return .passing(words, head) }
        let code: ObjectStoreError.Code =
            switch head.status {
            case 404, 410: .notFound
            case 401, 402, 403, 407, 451: .accessDenied
            default: .downloadFailed
            }
        return .final(ObjectStoreError(code, "\(source.label): \(words)"))
    }

    private func interruption(_ error: HTTPClientError) -> Interruption {
        if error.isTransient { return .passing(error.message, nil) }
        return switch error.code {
        case .canceled: .final(.cancellation)
        case .invalidRequest: .final(ObjectStoreError(.unsupportedSource, error.message))
        case .tooLarge: .final(tooLarge)
        case .outOfReach:
            .final(
                ObjectStoreError(
                    .forbiddenAddress, "\(error.message); the setting fetcher.link_local allows it"))
        case .couldNotResolve, .couldNotConnect, .tls, .timedOut, .peerClosed, .invalidResponse,
            .tooManyRedirects,
            .failed:
            .final(ObjectStoreError(.downloadFailed, error.message))
        }
    }

    private var tooLarge: ObjectStoreError {
        ObjectStoreError(.tooLarge, "\(source.label) has more than \(limit) bytes (max_size)")
    }

    private func storing(
        _ body: () async throws(ObjectStoreError) -> Void
    ) async throws(Interruption) {
        do { try await body() } catch { throw .final(error) }
    }
}

extension HTTPResponseHead {
    fileprivate var validators: PartialFile.Validators {
        PartialFile.Validators(etag: headers["ETag"], lastModified: headers["Last-Modified"])
    }
}

/// `Content-Range: bytes 100-199/200`, and `bytes */200` of an answer without content.
struct ContentRange: Equatable {
    var start: Int64?
    /// Of the whole; nil where the server does not know.
    var total: Int64?

    init?(_ head: HTTPResponseHead) {
        guard let text = head.headers["Content-Range"] else { return nil }
        let words = text.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        total = Int64(parts[1])
        if parts[0] == "*" { return }
        let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
        guard bounds.count == 2, let first = bounds[0], let last = bounds[1], first <= last else {
            return nil
        }
        start = first
    }
}
