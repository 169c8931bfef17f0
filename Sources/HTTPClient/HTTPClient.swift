internal import HTTPMessages
internal import Runtime

/// Speaks HTTP/1.1 over TCP, TLS and unix sockets, by libcurl.
///
///     let client = HTTPClient()
///     let response = try await client.send(HTTPRequest(.get, "http://localhost/v1/health", unixSocket: path))
///
/// Making one costs nothing: its thread starts with the first request. Share one in a program, so that connections are used again; when the
/// last reference is gone, what is still in flight ends with `.canceled`. A proxy is taken from `http_proxy`, `https_proxy` and
/// `no_proxy`, except for unix sockets and this machine.
package final class HTTPClient: Sendable {
    /// How much a client may hold open.
    package struct Limits: Sendable {
        /// To one host; requests beyond that wait for their turn. A stream holds its connection until it ends.
        package var connectionsPerHost = 32
        package var connections = 128

        package init() {}
    }

    /// What `send` accepts when the request does not say: far more than any answer to gather in memory should have.
    private static let gatheredLimit = 64 * 1024 * 1024
    private static let gatheredTimeout = Duration.seconds(300)

    let driver: TransferDriver
    private let reach: Reach

    /// - Parameter reach: of all requests, as they share connections.
    package init(limits: Limits = Limits(), reach: Reach = .anywhere) {
        self.reach = reach
        driver = TransferDriver(limits: limits)
    }

    deinit { driver.close() }

    /// Sends the request and gathers the response. Any status is a response; cancelling the task ends the transfer.
    package func send(_ request: HTTPRequest) async throws(HTTPClientError) -> HTTPResponse {
        var request = request
        request.responseLimit = request.responseLimit ?? HTTPClient.gatheredLimit
        request.totalTimeout = request.totalTimeout ?? HTTPClient.gatheredTimeout
        return try await counted(request) { () async throws(HTTPClientError) in
            try await start(request, until: .end, mayPause: false).channel.response()
        }
    }

    /// Sends the request and returns as soon as the response's head is there; its body is read from the stream.
    package func stream(_ request: HTTPRequest) async throws(HTTPClientError) -> HTTPStream {
        try await counted(request) { () async throws(HTTPClientError) in
            let transfer = try await start(request, until: .head, mayPause: true)
            return HTTPStream(
                head: try transfer.channel.head(), body: HTTPBody(client: self, transfer: transfer))
        }
    }

    /// A stream counts until its head is there.
    private func counted<Result>(
        _ request: HTTPRequest, _ body: () async throws(HTTPClientError) -> Result
    ) async throws(HTTPClientError) -> Result {
        try await Traffic.process.measure(.httpOut, request.method.rawValue, body)
    }

    private func start(
        _ request: HTTPRequest, until milestone: ResponseChannel.Milestone, mayPause: Bool
    ) async throws(HTTPClientError) -> Transfer {
        let transfer = try Transfer(request, reach: reach, channel: ResponseChannel(mayPause: mayPause))
        await withTaskCancellationHandler {
            driver.submit(transfer)
            await transfer.channel.wait(for: milestone)
        } onCancel: {
            driver.cancel(transfer)
        }
        return transfer
    }
}
