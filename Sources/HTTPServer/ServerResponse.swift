internal import Glibc
package import HTTPMessages
package import JSON

/// What a handler answers.
package struct ServerResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: Body

    package enum Body: Sendable {
        case bytes([UInt8])
        /// Runs once the head is sent; its end is the body's end, its error cuts the body short so that the peer can tell. Its task is
        /// cancelled when the peer hangs up or the server stops.
        case stream(@Sendable (ResponseWriter) async throws -> Void)
        /// A part of a file, by libmicrohttpd itself.
        case file(FileSlice)
    }

    package init(status: Int = 200, headers: HTTPHeaders = [:], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A text.
    package static func text(
        _ text: String, status: Int = 200, type: String = "text/plain; charset=utf-8"
    ) -> ServerResponse {
        ServerResponse(status: status, headers: ["Content-Type": type], body: .bytes(Array(text.utf8)))
    }

    /// `value` as JSON.
    package static func json(_ value: some Encodable, status: Int = 200) throws(JSONError) -> ServerResponse {
        ServerResponse(
            status: status, headers: ["Content-Type": "application/json"],
            body: .bytes(try JSONCoding.encode(value)))
    }

    /// The body that every refusal has: `{"error": {"code": …, "message": …}}`.
    package static func error(_ status: Int, code: String, message: String) -> ServerResponse {
        let value: JSONValue = ["error": ["code": .string(code), "message": .string(message)]]
        // A tree of two strings always has a JSON form.
        return (try? json(value, status: status)) ?? ServerResponse(status: status)
    }

    /// A body that `write` writes piece by piece.
    package static func stream(
        status: Int = 200, type: String, _ write: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) -> ServerResponse {
        ServerResponse(status: status, headers: ["Content-Type": type], body: .stream(write))
    }

    /// Server-sent events, which no cache may keep.
    package static func events(
        _ write: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) -> ServerResponse {
        ServerResponse(
            headers: ["Content-Type": "text/event-stream", "Cache-Control": "no-store"], body: .stream(write))
    }

    /// The pieces of `sequence`, as they come.
    package static func stream<Pieces: AsyncSequence & Sendable>(
        status: Int = 200, type: String, of sequence: Pieces
    ) -> ServerResponse where Pieces.Element == [UInt8] {
        stream(status: status, type: type) { writer in
            for try await piece in sequence { try await writer.write(piece) }
        }
    }
}

/// A part of a file that is an answer's body: opened here, closed with the last reference to this.
package final class FileSlice: Sendable {
    /// The size of the whole file.
    package let fileSize: Int64
    let descriptor: Int32
    let range: Range<Int64>

    /// Opens the file; nil when that is not possible.
    ///
    /// - Parameter range: the bytes to send, given the file's size; they must be within it.
    package init?(path: String, _ range: (_ fileSize: Int64) -> Range<Int64>) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            close(descriptor)
            return nil
        }
        fileSize = Int64(status.st_size)
        self.range = range(fileSize)
        precondition(
            self.range.lowerBound >= 0 && self.range.upperBound <= fileSize, "a part beyond the file's end")
    }

    deinit { close(descriptor) }

    /// A descriptor of the same file for somebody else to close.
    func duplicate() -> Int32 { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }
}

/// Where a streaming handler puts its bytes.
package struct ResponseWriter: Sendable {
    private let put: @Sendable ([UInt8]) async throws(HTTPServerError) -> Void

    /// - Parameter put: takes each piece; a test can gather them.
    package init(_ put: @escaping @Sendable ([UInt8]) async throws(HTTPServerError) -> Void) {
        self.put = put
    }

    /// Sends `bytes`, and returns when the peer has room for more.
    package func write(_ bytes: [UInt8]) async throws(HTTPServerError) {
        try await put(bytes)
    }

    /// Sends `text`.
    package func write(_ text: String) async throws(HTTPServerError) {
        try await put(Array(text.utf8))
    }

    /// Sends an event.
    package func write(_ event: ServerSentEvent) async throws(HTTPServerError) {
        try await put(event.bytes)
    }
}
