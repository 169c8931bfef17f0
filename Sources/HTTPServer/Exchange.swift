internal import CMicrohttpd
internal import Glibc
internal import HTTPMessages
internal import Runtime

/// One request and its answer, between libmicrohttpd's thread, the handler's task, and whoever gives it up.
final class Exchange: Sendable {
    /// What libmicrohttpd knows a connection by.
    struct Connection: @unchecked Sendable {
        // Because whoever uses it holds the exchange's lock or the right to resume it.
        let handle: OpaquePointer
    }

    private struct State {
        var exchange = ExchangeState()
        var request: ServerRequest?
        /// The connection, until libmicrohttpd is done with the request.
        var connection: Connection?
        var task: Task<Void, Never>?
        var hasStarted = false
        var receiveBy: ContinuousClock.Instant
        var answerBy: ContinuousClock.Instant?
        /// The most bytes that the body may have.
        var mostBody: Int
        /// Bytes of the body that the server counts as in memory.
        var reserved = 0
        var writers = Waiters()
    }

    private let server: ServerCore
    private let target: String
    private let state: Locked<State>

    init(server: ServerCore, target: String, connection: Connection?) {
        self.server = server
        self.target = target
        state = Locked(
            State(
                connection: connection, receiveBy: .now + server.limits.requestTimeout,
                mostBody: server.limits.bodySize))
    }

    // MARK: On libmicrohttpd's thread

    /// Whether this is the first call for the request: its head is there.
    func takeFirstCall() -> Bool {
        state.withLock { state in
            defer { state.hasStarted = true }
            return !state.hasStarted
        }
    }

    /// Takes the head.
    func begin(method: String, headers: HTTPHeaders) {
        guard let method = HTTPMethod(rawValue: method) else {
            return refuse(
                .error(501, code: "unknown_method", message: "this server does not know the method \(method)")
            )
        }
        let peer = state.withLock { $0.connection.map { cmhd_connection_socket($0.handle) } }
        guard
            let request = ServerRequest(
                method, target, headers: headers, peer: peer.map(SocketName.peer) ?? .unknown)
        else {
            return refuse(
                .error(400, code: "bad_target", message: "the request's path or query is malformed"))
        }
        state.withLock { $0.request = request }
        admit(request)
    }

    private func admit(_ request: ServerRequest) {
        switch server.admit(request) {
        case .gather(let most): state.withLock { $0.mostBody = most ?? server.limits.bodySize }
        case .spool(let path, let most, let patience):
            guard let file = BodyFile(path: path) else { return refuse(.noRoom) }
            state.withLock { state in
                state.mostBody = most
                state.receiveBy = .now + patience
                state.exchange.keepBody(in: file)
            }
        case .refuse(let response): return refuse(response)
        }
        let declared = request.headers["Content-Length"].flatMap { Int($0) } ?? 0
        let most = state.withLock { $0.mostBody }
        if declared > most { refuse(.tooLarge(most)) }
    }

    private func refuse(_ response: ServerResponse) {
        state.withLock { $0.exchange.refuse(response) }
    }

    /// Takes more of the body; false to close the connection.
    func receive(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        state.withLock { state in
            if state.exchange.keepsBodyInMemory {
                if server.reserve(bytes.count) {
                    state.reserved += bytes.count
                } else {
                    state.exchange.refuse(.busy)
                }
            }
            return state.exchange.receive(bytes, limit: state.mostBody)
        }
    }

    /// The answer, if there is one; otherwise the connection is suspended when this returns, and a task at work.
    func answer() -> ServerResponse? {
        let (response, request) = state.withLock { state -> (ServerResponse?, ServerRequest?) in
            if let response = state.exchange.takeAnswer() { return (response, nil) }
            switch state.exchange.endRequest() {
            case .answer(let response): return (response, nil)
            case .handle(let body, let file):
                guard var request = state.request, let connection = state.connection else {
                    preconditionFailure("a request without a head was refused before it was whole")
                }
                request.body = body
                request.bodyFile = file
                state.request = nil
                state.answerBy = .now + server.limits.requestTimeout
                MHD_suspend_connection(connection.handle)
                return (nil, request)
            }
        }
        if let request { start(request) }
        return response
    }

    /// Fills `buffer` from the stream; with nothing to send, the connection is suspended when this returns.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> StreamBuffer.Piece {
        let (piece, writers) = state.withLock { state in
            let piece = state.exchange.read(into: buffer)
            // Under the lock: a writer that comes now must find the connection suspended.
            if case .nothing = piece, let connection = state.connection {
                MHD_suspend_connection(connection.handle)
            }
            return (piece, state.exchange.stream.isFull ? [] : state.writers.takeAll())
        }
        for writer in writers { writer.resume() }
        return piece
    }

    /// libmicrohttpd is done: the answer is sent, or the connection has ended.
    func end() {
        let (task, writers, connection) = state.withLock { state in
            let connection = state.connection
            state.connection = nil
            state.exchange.close()
            server.release(state.reserved)
            state.reserved = 0
            defer { state.task = nil }
            return (state.task, state.writers.takeAll(), connection)
        }
        task?.cancel()
        for writer in writers { writer.resume() }
        server.remove(self, onSocket: connection.map { cmhd_connection_socket($0.handle) })
    }

    // MARK: The handler's task

    /// Starts the handler, in a task that this owns: it is cancelled when the connection ends or the exchange is given up.
    private func start(_ request: ServerRequest) {
        let task = Task {
            let response = await server.handler(request)
            resume(if: { $0.answer(response) })
            // To HEAD there is no body to write.
            if case .stream(let write) = response.body, request.method != .head { await run(write) }
        }
        let isOver = state.withLock { state in
            state.task = task
            if case .closed = state.exchange.phase { return true }
            return state.exchange.isAborted
        }
        if isOver { task.cancel() }
    }

    private func run(_ write: @Sendable (ResponseWriter) async throws -> Void) async {
        do {
            try await write(ResponseWriter { bytes throws(HTTPServerError) in try await self.write(bytes) })
            endStream(isWhole: true)
        } catch {
            // The peer sees a body cut short. Who wrote it knows why; libraries do not log.
            endStream(isWhole: false)
        }
    }

    private func write(_ bytes: [UInt8]) async throws(HTTPServerError) {
        try check()
        resume(if: { $0.changeStream { $0.write(bytes) } })
        // A reader that is faster than the writer never lets it wait; without this the writer would keep its thread of the pool to itself.
        await Task.yield()
        let ticket = state.withLock { $0.writers.ticket() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    state.exchange.stream.isFull && !state.exchange.stream.hasEnded
                        && state.writers.add(continuation, ticket)
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.writers.cancel(ticket) }?.resume()
        }
        try check()
    }

    private func check() throws(HTTPServerError) {
        if Task.isCancelled { throw HTTPServerError(.canceled, "send to \(target): the task was cancelled") }
        if state.withLock({ $0.exchange.stream.hasEnded }) {
            throw HTTPServerError(
                .peerClosed, "send to \(target): the peer hung up or the server is stopping")
        }
    }

    private func endStream(isWhole: Bool) {
        resume(if: { $0.changeStream { $0.end(isWhole: isWhole) } })
    }

    // MARK: Anybody

    /// Gives the exchange up: its task is cancelled, `response` is the answer if there is none yet, and a stream breaks off.
    func abort(_ response: ServerResponse) {
        let (task, writers) = state.withLock { ($0.task, $0.writers.takeAll()) }
        resume(if: { $0.abort(response) })
        task?.cancel()
        for writer in writers { writer.resume() }
    }

    /// Whether the answer is a stream that has begun: it ends only when it is told to.
    var isStreaming: Bool {
        state.withLock { state in
            if case .sending = state.exchange.phase { true } else { false }
        }
    }

    /// Gives up what takes too long, and what nobody waits for any more: libmicrohttpd does not look at suspended connections.
    func check(at now: ContinuousClock.Instant) {
        let (isGone, isLate) = state.withLock { state -> (Bool, Bool) in
            guard let connection = state.connection else { return (false, false) }
            if case .receiving = state.exchange.phase, now > state.receiveBy {
                // Only libmicrohttpd's thread can end a connection that is not suspended; so it sees it end.
                shutdown(cmhd_connection_socket(connection.handle), Int32(SHUT_RDWR))
            }
            let isLate = state.exchange.isHandling && now > (state.answerBy ?? now)
            return (state.exchange.isSuspended && Exchange.hasHungUp(connection), isLate)
        }
        if isGone || isLate { abort(.timedOut) }
    }

    private static func hasHungUp(_ connection: Connection) -> Bool {
        let descriptor = cmhd_connection_socket(connection.handle)
        var entry = pollfd(fd: descriptor, events: cmhd_poll_peer_ended(), revents: 0)
        guard poll(&entry, 1, 0) > 0 else { return false }
        let gone = Int16(POLLHUP | POLLERR | POLLNVAL)
        if entry.revents & gone != 0 { return true }
        // Over TCP a peer that closed looks like one that only ended its sending. No client of ours does the latter; over a unix socket
        // the two differ, and who sends a request through `nc` still gets the answer.
        return SocketName.port(of: descriptor) != nil
    }

    /// Makes a change, and resumes the connection if the change says so.
    private func resume(if change: (inout ExchangeState) -> Bool) {
        let connection = state.withLock { state in change(&state.exchange) ? state.connection : nil }
        // Outside of the lock, and still safe: a connection that is suspended cannot end, and only one of us was told to resume it.
        if let connection { MHD_resume_connection(connection.handle) }
    }
}

/// Tasks that wait, each of which may stop waiting.
private struct Waiters {
    private var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    private var cancelled: Set<Int> = []
    private var next = 0

    mutating func ticket() -> Int {
        next += 1
        return next
    }

    /// False when the ticket was cancelled before.
    mutating func add(_ continuation: CheckedContinuation<Void, Never>, _ ticket: Int) -> Bool {
        guard cancelled.remove(ticket) == nil else { return false }
        waiting[ticket] = continuation
        return true
    }

    mutating func cancel(_ ticket: Int) -> CheckedContinuation<Void, Never>? {
        if let continuation = waiting.removeValue(forKey: ticket) { return continuation }
        cancelled.insert(ticket)
        return nil
    }

    mutating func takeAll() -> [CheckedContinuation<Void, Never>] {
        defer { waiting = [:] }
        return Array(waiting.values)
    }
}
