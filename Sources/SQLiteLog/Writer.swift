internal import MessageLog
internal import Runtime
internal import SQLite

/// The one connection of this process that writes, on a thread of its own. Whoever comes while a transaction runs waits in the inbox and shares the
/// next one, and with it the sync that makes it durable.
///
/// A thread and not an actor, for each switch of threads costs about a third of a sync: it stays awake for a moment after its work, and tells those who
/// wait before it does what need not be waited for.
final class Writer: Sendable {
    /// What the thread is asked for.
    enum Request: Sendable {
        /// The first one.
        case open(WriterThread.Parts, CheckedContinuation<MessageLogError?, Never>)
        case write(any WriteJob)
        /// The last one; nil where nobody waits for it.
        case close(CheckedContinuation<Void, Never>?)
    }

    private let inbox = Inbox<Request>()
    private let isOpen = Locked(false)
    private let parts: WriterThread.Parts

    init(_ parts: WriterThread.Parts) { self.parts = parts }

    deinit {
        if isOpen.withLock({ $0 }) { inbox.add(.close(nil)) }
    }

    /// Makes the file where there is none, and connects.
    func open() async throws(MessageLogError) {
        isOpen.withLock { $0 = true }
        // The thread has nothing of this object, lest the file be open for longer than until `close` returns.
        Thread.detach { [inbox] in WriterThread.serve(inbox)?.resume() }
        let error = await withCheckedContinuation { inbox.add(.open(parts, $0)) }
        guard let error else { return }
        await close()
        throw error
    }

    /// Ends when all is done that was asked for before.
    func close() async {
        await withCheckedContinuation { continuation in
            let wasOpen = isOpen.withLock { isOpen in
                if isOpen { inbox.add(.close(continuation)) }
                defer { isOpen = false }
                return isOpen
            }
            if !wasOpen { continuation.resume() }
        }
    }

    /// Runs `body` in a transaction, together with others', and returns when that is durable. What `body` refuses it must refuse before it writes;
    /// it may run twice.
    func perform<Result: Sendable>(
        _ what: String, _ body: @escaping @Sendable (Tables) throws(Failure) -> Result
    ) async throws(MessageLogError) -> Result {
        try await perform(what) { Job(body, nil, $0) }
    }

    /// Publishes records, which another process may write if it gets its turn first.
    func publish(_ records: [NewRecord], _ time: any TimeSource) async throws(MessageLogError)
        -> [RecordPosition]
    {
        try await perform("publish") { continuation in
            Job(
                { (tables) throws(Failure) in
                    try tables.append(records, to: tables.places(of: records), at: time.now)
                },
                .init(records: records) { $0 }, continuation)
        }
    }

    private func perform<Result: Sendable>(
        _ what: String,
        _ job: (CheckedContinuation<Swift.Result<Result, Failure>, Never>) -> Job<Result>
    ) async throws(MessageLogError) -> Result {
        parts.statistics.withLock { $0.writes += 1 }
        let result = await withCheckedContinuation { continuation in
            // Under the lock, so that nothing comes behind the request to close.
            let isOpen = isOpen.withLock { isOpen in
                if isOpen { inbox.add(.write(job(continuation))) }
                return isOpen
            }
            if !isOpen { continuation.resume(returning: .failure(.refused(.logClosed))) }
        }
        do throws(Failure) { return try result.get() } catch { throw error.error(what) }
    }
}

extension MessageLogError {
    static var logClosed: MessageLogError { MessageLogError(.closed, "the log is closed") }
}

/// A piece of work that waits for a transaction. Belongs to the writer's thread.
protocol WriteJob: Sendable {
    /// What the work publishes, if that is all that it is.
    var records: [NewRecord]? { get }
    /// Does the work; throws when the whole transaction has failed.
    func run(_ tables: Tables) throws(SQLiteError)
    /// Takes note that another process has done it.
    func written(at positions: [RecordPosition])
    func fail(_ failure: Failure)
    /// Tells whoever waits; to be called once, when the work is durable or has failed.
    func tell()
}

private final class Job<Value: Sendable>: WriteJob {
    /// What the work is where it is publishing, and what its result is then.
    struct Publishing: Sendable {
        var records: [NewRecord]
        var result: @Sendable ([RecordPosition]) -> Value
    }

    private let body: @Sendable (Tables) throws(Failure) -> Value
    private let publishing: Publishing?
    private let continuation: CheckedContinuation<Result<Value, Failure>, Never>
    private let result = Locked<Result<Value, Failure>?>(nil)

    init(
        _ body: @escaping @Sendable (Tables) throws(Failure) -> Value, _ publishing: Publishing?,
        _ continuation: CheckedContinuation<Result<Value, Failure>, Never>
    ) {
        self.body = body
        self.publishing = publishing
        self.continuation = continuation
    }

    var records: [NewRecord]? { publishing?.records }

    func written(at positions: [RecordPosition]) {
        if let publishing { result.withLock { $0 = .success(publishing.result(positions)) } }
    }

    func run(_ tables: Tables) throws(SQLiteError) {
        do throws(Failure) {
            let value = try body(tables)
            result.withLock { $0 = .success(value) }
        } catch {
            if case .failed(let cause) = error { throw cause }
            result.withLock { $0 = .failure(error) }
        }
    }

    func fail(_ failure: Failure) {
        result.withLock { $0 = .failure(failure) }
    }

    func tell() {
        let result = result.withLock { $0 }
        precondition(result != nil, "a job is told of before it was done")
        if let result { continuation.resume(returning: result) }
    }
}
