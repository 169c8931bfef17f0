internal import CMicrohttpd
internal import HTTPMessages

/// Hands an answer to libmicrohttpd, on its thread.
struct ResponseSender {
    /// How much of a stream libmicrohttpd asks for at once; its buffers are bounded by the connection's memory anyway.
    private static let blockSize = 16 * 1024
    /// What libmicrohttpd alone knows how to set.
    private static let ownHeaders = ["Content-Length", "Transfer-Encoding"]

    private let connection: OpaquePointer
    private let exchange: Exchange

    init(_ connection: OpaquePointer, _ exchange: Exchange) {
        self.connection = connection
        self.exchange = exchange
    }

    /// Queues the answer; false when the connection cannot take it and is to be closed.
    func send(_ response: ServerResponse) -> Bool {
        let response = ResponseSender.checked(response)
        guard let handle = makeBody(response.body) else { return false }
        defer { MHD_destroy_response(handle) }
        for field in response.headers.fields {
            guard MHD_add_response_header(handle, field.name, field.value) == .YES else { return false }
        }
        return MHD_queue_response(connection, UInt32(response.status), handle) == .YES
    }

    /// An answer that cannot be sent is the handler's mistake, and must not be the peer's trouble.
    private static func checked(_ response: ServerResponse) -> ServerResponse {
        var response = response
        for name in ownHeaders { response.headers[name] = nil }
        guard (200..<600).contains(response.status), response.headers.fields.allSatisfy(\.isValid) else {
            return .error(
                500, code: "internal", message: "the answer has a status or header that cannot be sent")
        }
        return response
    }

    private func makeBody(_ body: ServerResponse.Body) -> OpaquePointer? {
        switch body {
        case .bytes(let bytes):
            return bytes.withUnsafeBytes { buffer in
                // Copied, so never written to.
                let pointer = UnsafeMutableRawPointer(mutating: buffer.baseAddress)
                return MHD_create_response_from_buffer(buffer.count, pointer, .RESPMEM_MUST_COPY)
            }
        case .file(let slice):
            let size = slice.range.upperBound - slice.range.lowerBound
            let descriptor = slice.duplicate()
            guard descriptor >= 0 else { return nil }
            // It closes the descriptor, also when it refuses.
            return MHD_create_response_from_fd_at_offset64(
                UInt64(size), descriptor, UInt64(slice.range.lowerBound))
        case .stream:
            let context = Unmanaged.passRetained(exchange).toOpaque()
            guard
                let handle = MHD_create_response_from_callback(
                    cmhd_size_unknown(), ResponseSender.blockSize, readStream, context, releaseExchange)
            else {
                Unmanaged<Exchange>.fromOpaque(context).release()
                return nil
            }
            return handle
        }
    }
}
