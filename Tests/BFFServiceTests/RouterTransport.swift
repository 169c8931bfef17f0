import BFFClient
import HTTPMessages
import HTTPServer
import Runtime

/// Carries a client's requests straight to the routes.
struct RouterTransport: BFFTransport {
    let router: Router
    var peer = ServerRequest.Peer.process(id: 1, user: 0)
    /// Cuts every stream off after so many pieces, as a broken connection does.
    var piecesPerConnection = Int.max

    func send(_ request: BFFRequest) async throws(BFFClientError) -> BFFAnswer {
        let response = await router.answer(try translated(request))
        do {
            return BFFAnswer(status: response.status, body: try await response.gathered())
        } catch {
            throw BFFClientError(.unreachable, "\(error)")
        }
    }

    func open(_ request: BFFRequest) async throws(BFFClientError) -> BFFStream {
        let response = await router.answer(try translated(request))
        let pieces = response.pieces
        let left = Locked(piecesPerConnection)
        return BFFStream(status: response.status) {
            let isCut = left.withLock { left in
                left -= 1
                return left < 0
            }
            if isCut { throw BFFClientError(.unreachable, "the connection broke") }
            var iterator = pieces.makeAsyncIterator()
            return try await iterator.next()
        }
    }

    private func translated(_ request: BFFRequest) throws(BFFClientError) -> ServerRequest {
        guard
            let translated = ServerRequest(
                request.method, request.target, headers: request.headers, body: request.body, peer: peer)
        else { throw BFFClientError(.unexpectedAnswer, "the target \(request.target) is none") }
        return translated
    }
}

extension ServerResponse {
    /// The whole body.
    func gathered() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await piece in pieces { bytes += piece }
        return bytes
    }

    /// The body as it is written.
    var pieces: AsyncThrowingStream<[UInt8], any Error> {
        let (pieces, continuation) = AsyncThrowingStream.makeStream(of: [UInt8].self)
        switch body {
        case .bytes(let bytes):
            continuation.yield(bytes)
            continuation.finish()
        case .stream(let write):
            let task = Task {
                do {
                    try await write(ResponseWriter { piece in continuation.yield(piece) })
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        case .file:
            // libmicrohttpd's own business: tested through a server.
            continuation.finish()
        }
        return pieces
    }
}
