internal import API
internal import HTTPMessages
internal import JSON
package import Runtime

/// Calls the API of a BFF.
///
///     let submitted = try await client.submit(request, idempotencyKey: key)
///     for try await event in client.events(of: submitted.runs[0].id) { print(event.message) }
///
/// Where a run is asked for, its id, a unique prefix of it (at least four characters) or `latest` will do.
package struct BFFClient: Sendable {
    /// How calls behave; the defaults are the product's.
    package struct Settings: Sendable {
        /// How long a call may take.
        package var timeout = Duration.seconds(30)
        /// How long a submission may take: a large matrix is checked and stored whole.
        package var submitTimeout = Duration.seconds(120)
        /// How long a stream that broke off is tried again before it gives up.
        package var patience = Duration.seconds(60)
        package var backoff = Backoff(first: .milliseconds(50), most: .seconds(2))

        package init() {}
    }

    let transport: any BFFTransport
    let settings: Settings
    let time: any TimeSource

    package init(
        transport: any BFFTransport, settings: Settings = Settings(), time: any TimeSource = SystemTime()
    ) {
        self.transport = transport
        self.settings = settings
        self.time = time
    }

    /// What is under `path`.
    func get<Answer: Decodable>(
        _ path: String, _ query: [QueryItem] = [], as type: Answer.Type = Answer.self
    ) async throws(BFFClientError) -> Answer {
        let request = BFFRequest(
            method: .get, path: path, query: query, headers: ["Accept": "application/json"],
            timeout: settings.timeout)
        return try decode(try await send(request))
    }

    /// Sends a JSON body.
    func post<Answer: Decodable>(
        _ path: String, _ body: [UInt8] = [], headers: HTTPHeaders = [:], timeout: Duration? = nil
    ) async throws(BFFClientError) -> Answer {
        var headers = headers
        if !body.isEmpty { headers["content-type"] = "application/json" }
        let request = BFFRequest(
            method: .post, path: path, headers: headers, body: body, timeout: timeout ?? settings.timeout)
        return try decode(try await send(request))
    }

    /// The answer to `request`, if it is a success.
    func send(_ request: BFFRequest) async throws(BFFClientError) -> BFFAnswer {
        let answer = try await transport.send(request)
        guard (200..<300).contains(answer.status) else { throw BFFClientError(answer, to: request) }
        return answer
    }

    /// The bytes of a body.
    func encode(_ value: some Encodable) throws(BFFClientError) -> [UInt8] {
        do {
            return try JSONCoding.encode(value)
        } catch {
            throw BFFClientError(.refused(.invalidRequest), "the request cannot be written as JSON: \(error)")
        }
    }

    private func decode<Answer: Decodable>(_ answer: BFFAnswer) throws(BFFClientError) -> Answer {
        do {
            return try JSONCoding.decode(Answer.self, from: answer.body)
        } catch {
            throw BFFClientError(
                .unexpectedAnswer, "the answer is not what this version understands: \(error)")
        }
    }
}

extension BFFClientError {
    /// The error that an answer other than a success tells.
    init(_ answer: BFFAnswer, to request: BFFRequest) {
        guard let body = try? JSONCoding.decode(ErrorBody.self, from: answer.body) else {
            self.init(
                .unexpectedAnswer,
                "\(request.method.rawValue) \(request.path) was answered with HTTP \(answer.status) and no error of this API: "
                    + "is this a BFF?")
            return
        }
        self.init(
            .refused(body.error.code), body.error.message, problems: body.error.problems ?? [])
    }
}
