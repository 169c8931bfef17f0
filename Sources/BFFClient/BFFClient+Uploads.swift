internal import API
internal import HTTPMessages

// A benchmark's own files.
extension BFFClient {
    /// How long an upload may take.
    private static let uploadTimeout = Duration.seconds(1200)

    /// Has an archive on the server, sending it unless it is there already.
    ///
    /// - Parameter sha256: of `bytes`; a submission refers to it.
    /// - Returns: whether it was sent.
    @discardableResult
    package func upload(_ bytes: [UInt8], sha256: String) async throws(BFFClientError) -> Bool {
        let path = "/v1/uploads/\(sha256)"
        let question = BFFRequest(method: .head, path: path, timeout: settings.timeout)
        let answer = try await transport.send(question)
        if answer.status == 200 { return false }
        if answer.status != 404 { throw BFFClientError(status: answer.status, to: question) }
        let request = BFFRequest(
            method: .put, path: path, headers: ["Content-Type": "application/octet-stream"], body: bytes,
            timeout: BFFClient.uploadTimeout)
        _ = try await send(request)
        return true
    }
}

extension BFFClientError {
    /// The error of an answer to HEAD, which has no body that would tell more.
    fileprivate init(status: Int, to request: BFFRequest) {
        let words = "\(request.method.rawValue) \(request.path) was answered with HTTP \(status)"
        guard let code = APIErrorCode.allCases.first(where: { $0.httpStatus == status }) else {
            self.init(.unexpectedAnswer, "\(words): is this a BFF?")
            return
        }
        let cure = code == .unauthorized ? ": give a token of yours as BAI_TOKEN" : ""
        self.init(.refused(code), "\(words) (\(code.rawValue))\(cure)")
    }
}
