/// A response's body, in pieces as they arrive. For one reader: each piece is given once.
///
/// The transfer goes on only as far ahead as a quarter of a mebibyte. It ends when the reading task is cancelled, and when the last copy of this
/// and of its iterators is gone.
package struct HTTPBody: AsyncSequence, Sendable {
    private let reader: Reader

    init(client: HTTPClient, transfer: Transfer) {
        reader = Reader(client: client, transfer: transfer)
    }

    package func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let reader: Reader

        /// The next piece, never empty; nil at the end of a body that arrived whole.
        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(HTTPClientError) -> [UInt8]? {
            try await reader.next()
        }

        package mutating func next() async throws(HTTPClientError) -> [UInt8]? {
            try await reader.next()
        }
    }

    /// Holds the client, whose transfers end with it.
    fileprivate final class Reader: Sendable {
        private let client: HTTPClient
        private let transfer: Transfer

        init(client: HTTPClient, transfer: Transfer) {
            self.client = client
            self.transfer = transfer
        }

        deinit { client.driver.cancel(transfer) }

        func next() async throws(HTTPClientError) -> [UInt8]? {
            await withTaskCancellationHandler {
                await transfer.channel.wait(for: .bytes)
            } onCancel: {
                client.driver.cancel(transfer)
            }
            let (bytes, wasPaused) = try transfer.channel.take()
            if wasPaused { client.driver.resume(transfer) }
            return bytes.isEmpty ? nil : bytes
        }
    }
}
