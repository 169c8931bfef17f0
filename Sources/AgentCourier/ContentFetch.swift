internal import AgentService
internal import API
internal import Descriptors
internal import Digests
internal import Events
internal import Glibc
internal import HTTPClient
internal import HTTPMessages
internal import PodContract
internal import ObjectStore
internal import Runtime

/// Fetches a pod's contents to their places, each verified by its digest. It blocks its thread.
struct ContentFetch: Sendable {
    private let order: PodOrder
    private let installation: Installation

    init(_ order: PodOrder, _ installation: Installation) {
        self.order = order
        self.installation = installation
    }

    /// Fetches one after the other: they come from one server, over one network.
    func run() throws(Refusal) {
        guard let server = order.objects else {
            throw Refusal(
                .downloadFailed, "the order does not say where contents are fetched from",
                failure: .infrastructure)
        }
        for content in order.contents {
            let result = FirstThread.wait { [self] () async -> Result<Void, Refusal> in
                do throws(Refusal) {
                    return .success(try await ContentDownload(content, from: server, installation).run())
                } catch {
                    return .failure(error)
                }
            }
            try result.get()
        }
    }
}

/// Fetches one content. Tries again, from where it broke off where it can, as long as that gets it any further.
private struct ContentDownload {
    let content: PodOrder.Content
    let server: String
    let installation: Installation

    init(_ content: PodOrder.Content, from server: String, _ installation: Installation) {
        (self.content, self.server, self.installation) = (content, server, installation)
    }

    /// How often it is tried without getting any further.
    private static let mostTries = 8
    /// How often something else than what was asked for may come.
    private static let mostMismatches = 3

    private var place: String { "\(installation.folders.root)/\(content.place)" }
    private var partial: String { "\(place).part" }
    /// A benchmark may write beside its scripts.
    private var isWritable: Bool {
        place == installation.folders.scripts || place.hasPrefix(installation.folders.scripts + "/")
    }

    func run() async throws(Refusal) {
        try makeParents()
        var mismatches = 0
        while true {
            try await download()
            do throws(ObjectStoreError) {
                try settle()
                return
            } catch {
                // Nothing of it can be used; another try begins anew.
                unlink(partial)
                mismatches +=
                    error.code == .digestMismatch || error.code == .badArchive
                    ? 1 : ContentDownload.mostMismatches
                if mismatches >= ContentDownload.mostMismatches { throw refusal(error) }
            }
        }
    }

    // MARK: - Coming

    private func download() async throws(Refusal) {
        let backoff = Backoff(first: .milliseconds(200), most: .seconds(15))
        var failures = 0
        while true {
            let before = size
            let trouble: Trouble
            do throws(Trouble) {
                try await attempt(from: before)
                return
            } catch {
                trouble = error
            }
            if let refusal = trouble.refusal { throw refusal }
            failures = size > before ? 1 : failures + 1
            guard failures < ContentDownload.mostTries else {
                throw Refusal(.downloadFailed, "\(label): \(trouble.message)", failure: .infrastructure)
            }
            installation.log.warning(
                "a content is fetched again", ["content": content.sha256, "error": trouble.message])
            // Nobody cancels it.
            try? await installation.time.sleep(
                for: max(trouble.wait ?? .zero, backoff.delay(after: failures)))
        }
    }

    /// Why a try came to nothing.
    private struct Trouble: Error {
        var message: String
        var wait: Duration?
        /// No other try would come to more.
        var refusal: Refusal?
    }

    private func attempt(from start: Int64) async throws(Trouble) {
        // All of it is there: the container that fetched it was killed before it was settled.
        if start > 0, start == content.size, content.kind == .file { return }
        var request = installation.request(.get, server, ObjectDelivery.path(sha256: content.sha256))
        request.idleTimeout = .seconds(60)
        let resumes = start > 0 && content.kind == .file && start < content.size
        if resumes { request.headers["Range"] = "bytes=\(start)-" }
        let stream: HTTPStream
        do throws(HTTPClientError) {
            stream = try await installation.client.stream(request)
        } catch {
            throw Trouble(message: error.message)
        }
        try await take(stream, from: resumes ? start : 0)
    }

    private func take(_ stream: HTTPStream, from start: Int64) async throws(Trouble) {
        guard stream.isSuccess else { throw trouble(stream.head) }
        let kind = stream.headers[ObjectDelivery.kindHeader]
        guard kind == nil || kind == content.kind.rawValue else {
            throw Trouble(
                message: "the server has a \(kind ?? "") of that name, not a \(content.kind.rawValue)")
        }
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw disk("make \(partial)") }
        defer { close(descriptor) }
        // 200 is the whole of it, whatever was asked for.
        let offset = stream.status == 206 ? start : 0
        guard ftruncate(descriptor, off_t(offset)) == 0, lseek(descriptor, off_t(offset), SEEK_SET) >= 0
        else {
            throw disk("cut \(partial)")
        }
        var pieces = stream.body.makeAsyncIterator()
        while let piece = try await next(&pieces) { try write(piece, to: descriptor) }
    }

    private func next(_ pieces: inout HTTPBody.Iterator) async throws(Trouble) -> [UInt8]? {
        do throws(HTTPClientError) {
            return try await pieces.next()
        } catch {
            throw Trouble(message: error.message)
        }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws(Trouble) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw disk("write \(partial)") }
            written += count
        }
    }

    private func trouble(_ head: HTTPResponseHead) -> Trouble {
        let words = "\(server) answered \(head.status)"
        switch head.status {
        case 401, 403: return final(.accessDenied, words)
        case 404, 410: return final(.notFound, "\(words): it does not have it any more")
        case 416:
            // What is there is longer than what it should be.
            unlink(partial)
            return Trouble(message: words)
        default:
            let wait = head.retryAfter(now: installation.time.now)
            return Trouble(message: words, wait: wait)
        }
    }

    private func final(_ reason: Reason, _ message: String) -> Trouble {
        Trouble(
            message: message,
            refusal: Refusal(reason, "\(label): \(message)", failure: .infrastructure))
    }

    private func disk(_ operation: String) -> Trouble { final(.startFailed, "\(SystemError(operation))") }

    /// Bytes that have come.
    private var size: Int64 {
        var status = stat()
        return stat(partial, &status) == 0 ? Int64(status.st_size) : 0
    }

    // MARK: - Settling

    /// Verifies what has come, and puts it in its place.
    private func settle() throws(ObjectStoreError) {
        switch content.kind {
        case .directory:
            try ArchivedFolder.unpack(
                partial, name: label, to: place, sha256: content.sha256, isWritable: isWritable)
            unlink(partial)
        case .file:
            let found = (try? Digest.ofFile(partial))?.hexadecimal ?? "unreadable"
            guard found == content.sha256 else {
                throw ObjectStoreError(.digestMismatch, "\(label): what came is \(found)")
            }
            chmod(partial, isWritable ? 0o666 : 0o644)
            guard rename(partial, place) == 0 else {
                throw ObjectStoreError(.storeUnavailable, "\(SystemError("rename \(partial) to \(place)"))")
            }
        }
    }

    private func makeParents() throws(Refusal) {
        let mask = umask(0)
        defer { umask(mask) }
        for index in content.place.indices where content.place[index] == "/" {
            let folder = "\(installation.folders.root)/\(content.place[..<index])"
            guard mkdir(folder, isWritable ? 0o777 : 0o755) == 0 || errno == EEXIST else {
                throw Refusal(
                    .startFailed, "\(SystemError("make folder \(folder)"))", failure: .infrastructure)
            }
        }
    }

    private func refusal(_ error: ObjectStoreError) -> Refusal {
        // What is in the archive is the descriptor's; whether it came whole is not.
        let failure: FailureClass = error.code == .unsafePath ? .benchmark : .infrastructure
        return Refusal(Reason(error.code.rawValue), error.message, failure: failure)
    }

    /// For messages.
    private var label: String { "content \(content.sha256.prefix(12)) for \(content.place)" }
}
