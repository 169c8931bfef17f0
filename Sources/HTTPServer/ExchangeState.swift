internal import HTTPMessages

/// Where one request and its answer are: what may happen next, without libmicrohttpd.
///
/// A connection is *suspended* while it waits for a handler or for more of a stream; whoever ends the wait resumes it, once.
struct ExchangeState {
    enum Phase {
        /// The head is there, the body is arriving.
        case receiving
        /// A handler has the request.
        case handling
        /// The answer waits to be taken.
        case answering(ServerResponse)
        /// The head of the answer is on its way, and after it what is in `stream`.
        case sending
        /// libmicrohttpd is done with it.
        case closed
    }

    private(set) var phase = Phase.receiving
    private(set) var isSuspended = false
    /// Given up by the server, a deadline or the peer: nothing waits any more.
    private(set) var isAborted = false
    private(set) var stream = StreamBuffer()
    /// What to answer instead of calling a handler.
    private var refusal: ServerResponse?
    private var body: [UInt8] = []
    /// Where the body goes instead.
    private var file: BodyFile?
    private var received = 0
    private var discarded = 0

    // MARK: The request

    /// The request will be answered by `response`, whatever its handler would say. The first refusal counts.
    mutating func refuse(_ response: ServerResponse) {
        refusal = refusal ?? response
    }

    /// From now on the body goes into `file`.
    mutating func keepBody(in file: BodyFile) {
        self.file = file
    }

    var keepsBodyInMemory: Bool { file == nil && refusal == nil }

    /// Takes more of the body; false when too much came for the connection to be worth keeping.
    mutating func receive(_ bytes: UnsafeBufferPointer<UInt8>, limit: Int) -> Bool {
        if refusal == nil, received + bytes.count <= limit {
            received += bytes.count
            if let file {
                if !file.write(bytes) { refuse(.noRoom) }
            } else {
                body.append(contentsOf: bytes)
            }
            return true
        }
        // A peer that sends all of its body before it listens hears the refusal only if we read on for a while.
        refuse(.tooLarge(limit))
        body = []
        file = nil
        discarded += bytes.count
        return discarded <= ExchangeState.mostDiscarded
    }

    /// As much of a refused body is read and thrown away.
    static let mostDiscarded = 16 * 1024 * 1024

    /// The request is whole.
    enum Next {
        /// Answer so, without a handler.
        case answer(ServerResponse)
        /// Suspend the connection and give this body to the handler.
        case handle(body: [UInt8], file: BodyFile?)
    }

    mutating func endRequest() -> Next {
        // Asked again without an answer, which libmicrohttpd does not do, there is nobody left to handle it.
        let isRepeated = if case .receiving = phase { false } else { true }
        if let answer = isAborted || isRepeated ? ServerResponse.stopping : refusal {
            phase = .sending
            return .answer(answer)
        }
        phase = .handling
        isSuspended = true
        defer { (body, file) = ([], nil) }
        return .handle(body: body, file: file)
    }

    // MARK: The answer

    /// The handler's answer. True when the connection is to be resumed to send it; otherwise it comes too late.
    mutating func answer(_ response: ServerResponse) -> Bool {
        guard case .handling = phase else { return false }
        phase = .answering(response)
        return takeSuspension()
    }

    /// Whether a handler is at work.
    var isHandling: Bool {
        if case .handling = phase { true } else { false }
    }

    /// The answer, for libmicrohttpd; nil while there is none.
    mutating func takeAnswer() -> ServerResponse? {
        guard case .answering(let response) = phase else { return nil }
        phase = .sending
        return response
    }

    /// Changes the stream; true when the connection is to be resumed for it.
    mutating func changeStream(_ change: (inout StreamBuffer) -> Void) -> Bool {
        change(&stream)
        guard case .sending = phase, !stream.isQuiet else { return false }
        return takeSuspension()
    }

    /// Copies what there is into `buffer`. With nothing there and no end, the connection is to be suspended, now.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> StreamBuffer.Piece {
        let piece = stream.read(into: buffer)
        if case .nothing = piece { isSuspended = true }
        return piece
    }

    // MARK: The end

    /// Ends all waiting, with `response` if none has begun. True when the connection is to be resumed.
    mutating func abort(_ response: ServerResponse) -> Bool {
        isAborted = true
        stream.end(isWhole: false)
        if case .handling = phase { phase = .answering(response) }
        return takeSuspension()
    }

    mutating func close() {
        phase = .closed
        file = nil
        stream.end(isWhole: false)
    }

    private mutating func takeSuspension() -> Bool {
        defer { isSuspended = false }
        return isSuspended
    }
}

/// The bytes of a stream between the handler that writes them and the connection that sends them.
struct StreamBuffer {
    /// A writer waits while this much is unsent. Some writes of a busy log, and nothing to a thousand quiet streams.
    static let highWater = 64 * 1024

    enum Piece: Equatable {
        case bytes(Int)
        case nothing
        /// The end: of all that was to come, or of a stream that broke off.
        case end(isWhole: Bool)
    }

    private var bytes: [UInt8] = []
    private var sent = 0
    private var end: Bool?

    var hasEnded: Bool { end != nil }
    var isFull: Bool { bytes.count - sent > StreamBuffer.highWater }
    /// Whether a reader would find nothing.
    var isQuiet: Bool { bytes.count == sent && end == nil }

    mutating func write(_ more: [UInt8]) {
        bytes.append(contentsOf: more)
    }

    /// Only the first end counts.
    mutating func end(isWhole: Bool) {
        end = end ?? isWhole
    }

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Piece {
        let count = min(bytes.count - sent, buffer.count)
        guard count > 0 else { return end.map { .end(isWhole: $0) } ?? .nothing }
        buffer.copyBytes(from: bytes[sent..<sent + count])
        sent += count
        if sent == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.count <= StreamBuffer.highWater)
            sent = 0
        }
        return .bytes(count)
    }
}

extension ServerResponse {
    static let stopping = closing(
        error(503, code: "stopping", message: "the server is stopping; send the request again"))
    static let timedOut = closing(
        error(503, code: "timed_out", message: "the request took longer than this server allows"))

    static let busy = again(
        503, code: "unavailable", "the server has as many requests in its memory as it takes: send it again")
    static let noRoom = again(
        507, code: "full", "the disk has no room for the request's body: free some space")

    private static func again(_ status: Int, code: String, _ message: String) -> ServerResponse {
        var response = closing(error(status, code: code, message: message))
        response.headers["Retry-After"] = "1"
        return response
    }

    static func tooLarge(_ limit: Int) -> ServerResponse {
        error(413, code: "too_large", message: "the body is larger than \(limit) bytes")
    }

    private static func closing(_ response: ServerResponse) -> ServerResponse {
        var response = response
        response.headers["Connection"] = "close"
        return response
    }
}
