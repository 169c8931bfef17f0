internal import HTTPClient
internal import HTTPMessages
package import JSON
package import Runtime

/// Speaks to one API server, over HTTP/2 where the server has it. Share one in a program.
///
///     let client = KubernetesClient(try Kubeconfig.load(environment: environment).connection())
///     let job = try await client.resources(of: Job.self, in: "bai").create(job)
///
/// Every call has a deadline. What fails for reasons that pass is tried again where that is safe, with growing waits and within a budget, and
/// how many requests are under way at once follows what the server can take.
package final class KubernetesClient: Sendable {
    /// How long things may take.
    package struct Limits: Sendable {
        /// A call with all its tries.
        package var call: Duration = .seconds(60)
        /// One try: short, so that a connection on which nothing comes does not use up the call.
        package var attempt: Duration = .seconds(20)
        /// How long a vanished server may go unnoticed on an idle stream.
        package var deadPeer: Duration = .seconds(30)
        /// The longest wait between tries that is not the server's wish.
        package var backoff = Backoff(first: .milliseconds(100), most: .seconds(5))
        package var attempts = 6

        package init() {}
    }

    package let connection: ClusterConnection
    let limits: Limits
    let time: any TimeSource
    /// Separate from the streams: these share connections, those have one each.
    private let http: HTTPClient
    let streams: HTTPClient
    private let concurrency = ConcurrencyLimit()
    private let budget = Locked(RetryBudget())
    private let onWarning: @Sendable (String) -> Void

    /// - Parameter onWarning: gets what a person should know: an insecure connection, and the server's own warnings.
    package init(
        _ connection: ClusterConnection, limits: Limits = Limits(), time: any TimeSource = SystemTime(),
        onWarning: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.connection = connection
        self.limits = limits
        self.time = time
        self.onWarning = onWarning
        var pool = HTTPClient.Limits()
        // Over HTTP/1.1 a request needs a connection, and the window alone should limit the requests.
        pool.connectionsPerHost = Int(ConcurrencyWindow.most)
        pool.connections = Int(ConcurrencyWindow.most)
        http = HTTPClient(limits: pool)
        streams = HTTPClient(limits: pool)
        for warning in connection.warnings { onWarning(warning) }
    }

    /// The objects of a kind, in one namespace or, without one, everywhere.
    package func resources<Kind: KubernetesResource>(
        of kind: Kind.Type, in namespace: String? = nil
    ) -> Resources<Kind> {
        Resources(client: self, type: Kind.resourceType, namespace: namespace)
    }

    /// The objects of a kind that has no Swift type, as trees.
    package func resources(_ type: ResourceType, in namespace: String? = nil) -> Resources<JSONValue> {
        Resources(client: self, type: type, namespace: namespace)
    }

    /// How many requests may be under way at once now.
    package var concurrencyLimit: Double { concurrency.limit }

    // MARK: Calls

    /// Does a call and reads its answer.
    func send(_ call: APICall) async throws(KubernetesError) -> JSONValue {
        let response = try await answer(call)
        do {
            return try JSONValue(parsing: response.body)
        } catch {
            throw KubernetesError(
                .invalidResponse, "\(call.label): the answer is \(error)", status: response.status)
        }
    }

    /// Does a call: again while it fails for reasons that pass, as long as that is safe, the budget has something left and the deadline is far enough.
    func answer(_ call: APICall) async throws(KubernetesError) -> HTTPResponse {
        let deadline = ContinuousClock.now + limits.call
        var attempt = 1
        var refusedCredentials = false
        var connectsAnew = false
        while true {
            let failure: CallFailure
            switch await self.attempt(call, by: deadline, connectsAnew: connectsAnew) {
            case .success(let response): return response
            case .failure(let error): failure = error
            }
            if failure.error.code == .unauthorized, !refusedCredentials, let credential = failure.credential {
                // Once: a token that was renewed in the meantime is worth another try, a wrong one is not.
                refusedCredentials = true
                await connection.credentials.refuse(credential)
                if let other = try? await connection.credentials.current(), other != credential { continue }
                throw failure.error
            }
            guard failure.error.isTransient, call.isRepeatable || failure.isBeforeWork,
                attempt < limits.attempts,
                let wait = wait(after: attempt, failure.error, by: deadline), budget.withLock({ $0.spend() })
            else { throw failure.error }
            do {
                try await time.sleep(for: wait)
            } catch {
                throw KubernetesError(.canceled, "\(call.label): canceled while waiting for the next try")
            }
            connectsAnew = failure.error.code == .timedOut
            attempt += 1
        }
    }

    /// How long to wait before the next try; nil when the deadline is nearer than that.
    private func wait(
        after attempt: Int, _ error: KubernetesError, by deadline: ContinuousClock.Instant
    ) -> Duration? {
        // On top of the server's wish, or all that were sent away together would come back together.
        let wait = limits.backoff.delay(after: attempt) + (error.retryAfter ?? .zero)
        return ContinuousClock.now + wait < deadline ? wait : nil
    }

    /// Why a try failed.
    private struct CallFailure: Error {
        var error: KubernetesError
        /// Nobody can have begun to do it.
        var isBeforeWork = false
        /// What was shown.
        var credential: Credential?
    }

    private func attempt(
        _ call: APICall, by deadline: ContinuousClock.Instant, connectsAnew: Bool
    ) async -> Result<HTTPResponse, CallFailure> {
        let credential: Credential
        do {
            credential = try await connection.credentials.current()
        } catch {
            return .failure(CallFailure(error: error))
        }
        guard await concurrency.enter() else {
            return .failure(CallFailure(error: KubernetesError(.canceled, "\(call.label): canceled")))
        }
        var request = request(call, credential)
        request.connectsAnew = connectsAnew
        let start = ContinuousClock.now
        let rest = start.duration(to: deadline)
        request.totalTimeout = max(min(limits.attempt, rest), .milliseconds(1))
        do {
            let response = try await http.send(request)
            concurrency.leave(KubernetesClient.sign(of: response.status), after: start.duration(to: .now))
            return judge(call, response, credential)
        } catch {
            concurrency.leave(error.code == .timedOut ? .overloaded : nil, after: start.duration(to: .now))
            return .failure(
                CallFailure(error: KubernetesError(call.label, error), isBeforeWork: error.isBeforeSending))
        }
    }

    private func judge(
        _ call: APICall, _ response: HTTPResponse, _ credential: Credential
    ) -> Result<HTTPResponse, CallFailure> {
        report(response.head)
        let error: KubernetesError? =
            response.isSuccess ? nil : .refusal(call.label, head: response.head, body: response.body)
        if error?.isTransient != true { budget.withLock { $0.earn() } }
        guard let error else { return .success(response) }
        // A server that sheds load has not looked at the request.
        return .failure(
            CallFailure(error: error, isBeforeWork: error.code == .tooManyRequests, credential: credential))
    }

    private static func sign(of status: Int) -> ConcurrencyWindow.Sign {
        status == 429 || status == 503 || status == 504 ? .overloaded : .good
    }

    /// Hands on the server's own warnings (`Warning: 299 - "…"`).
    func report(_ head: HTTPResponseHead) {
        for value in head.headers.values(of: "Warning") {
            let parts = value.split(separator: "\"", omittingEmptySubsequences: false)
            if value.hasPrefix("299"), parts.count >= 2 { onWarning(String(parts[1])) }
        }
    }

    // MARK: Requests

    func request(_ call: APICall, _ credential: Credential) -> HTTPRequest {
        var request = connection.request(call.method, call.target)
        request.version = .newest
        request.deadPeerTimeout = limits.deadPeer
        request.body = call.body
        request.responseLimit = call.responseLimit
        request.headers["Accept"] = "application/json"
        request.headers["User-Agent"] = "benchmark-ai"
        if let type = call.contentType { request.headers["Content-Type"] = type }
        request.headers["Authorization"] = credential.authorization?.text
        request.tls.certificateText = credential.certificate.map { Array($0.utf8) }
        request.tls.certificateKeyText = credential.certificateKey.map { Array($0.text.utf8) }
        return request
    }

    /// Opens a stream; a refusal is thrown. It is not tried again here: who follows a stream has its own way to go on.
    func stream(_ call: APICall, total: Duration?) async throws(KubernetesError) -> HTTPBody {
        let credential = try await connection.credentials.current()
        var request = request(call, credential)
        // One connection each: a slow reader of one holds up no other.
        request.version = .http1
        request.idleTimeout = nil
        request.totalTimeout = total
        let stream = try await head(of: request, call.label)
        report(stream.head)
        guard !stream.isSuccess else { return stream.body }
        if stream.status == 401 { await connection.credentials.refuse(credential) }
        throw KubernetesError.refusal(
            call.label, head: stream.head, body: await KubernetesClient.gathered(stream.body))
    }

    /// The head of a stream comes at once, whatever its body does.
    private func head(of request: HTTPRequest, _ label: String) async throws(KubernetesError) -> HTTPStream {
        let limit = limits.attempt
        let result = await withTaskGroup(of: Result<HTTPStream, KubernetesError>?.self) { group in
            group.addTask { [streams] in
                do throws(HTTPClientError) {
                    return .success(try await streams.stream(request))
                } catch {
                    return .failure(KubernetesError(label, error))
                }
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        guard let result else {
            throw KubernetesError(.timedOut, "\(label): the server did not begin to answer within \(limit)")
        }
        return try result.get()
    }

    /// The beginning of a refusal's body.
    private static func gathered(_ body: HTTPBody) async -> [UInt8] {
        var bytes: [UInt8] = []
        var pieces = body.makeAsyncIterator()
        // A refusal cut short says less; that it is one is known from its head.
        while bytes.count < 256 * 1024, let piece = try? await pieces.next() { bytes += piece }
        return bytes
    }
}
