internal import Glibc
package import MessageLog
internal import Runtime
internal import SQLite

/// A walk over everything in a log's file, past what is damaged. It works beside services that have the log open, and where `SQLiteLog.open`
/// refuses it; it changes nothing.
///
///     let report = try await LogInspection("log.db").report()
package struct LogInspection: Sendable {
    /// What the walk comes across, in the order of topics, partitions and offsets.
    package enum Finding: Sendable {
        /// Neighbours of one partition, each of which is what was written.
        case records([LogRecord])
        case problem(LogProblem)
    }

    /// How the file itself is looked at, beside the records in it.
    package enum Depth: Sendable {
        /// The records alone.
        case records
        /// Also SQLite's own structures and what groups have committed.
        case everything
    }

    private let file: LogFile
    private let counters: Locked<SQLiteLog.Statistics>
    private let topics: Set<String>?
    private let depth: Depth
    private let deadline: ContinuousClock.Instant?

    /// - Parameters:
    ///   - path: the log's file.
    ///   - topics: only these; nil is all.
    ///   - deadline: when the walk ends wherever it is; nil is never.
    package init(
        _ path: String, topics: Set<String>? = nil, depth: Depth = .everything,
        deadline: ContinuousClock.Instant? = nil
    ) {
        self.init(
            LogFile(path: path), Locked(SQLiteLog.Statistics()), topics: topics, depth: depth,
            deadline: deadline)
    }

    init(
        _ file: LogFile, _ counters: Locked<SQLiteLog.Statistics>, topics: Set<String>? = nil,
        depth: Depth = .everything, deadline: ContinuousClock.Instant? = nil
    ) {
        self.file = file
        self.counters = counters
        self.topics = topics
        self.depth = depth
        self.deadline = deadline
    }

    /// Walks, and counts what is sound.
    ///
    /// - Throws: `unavailable` when the file is not there or cannot be read at all, `unknownTopic` when one that was named does not exist.
    package func report() async throws(MessageLogError) -> IntegrityReport {
        var report = IntegrityReport()
        report.isComplete = try await walk { finding in
            switch finding {
            case .records(let records): report.records += records.count
            case .problem(let problem):
                if report.problems.count < IntegrityReport.mostProblems { report.problems.append(problem) }
            }
        }
        return report
    }

    /// Tells `found` of everything, step by step: publishers are never held up, and what comes or goes meanwhile may be seen or not.
    ///
    /// - Returns: false when the deadline came first.
    package func walk(_ found: (Finding) async -> Void) async throws(MessageLogError) -> Bool {
        guard LogFile.size(file.path) != nil else {
            throw MessageLogError(.unavailable, "check log \(file.path): there is no such file")
        }
        if let problem = leftWALProblem() {
            await found(.problem(problem))
            if let salvage = WALSalvage.copy(file.path) { return try await walk(salvage, found) }
        }
        let reader = Reader(file, counters)
        do throws(MessageLogError) {
            try await reader.open(mustBeImmutable ? .immutable : .readOnly)
        } catch {
            guard error.code == .corrupt else { throw error }
            await found(.problem(LogProblem(error.message)))
            return true
        }
        let isComplete = try await walk(reader, found)
        await reader.close()
        return isComplete
    }

    /// Walks over what SQLite would pass over: it takes the damage in the write-ahead log for the end.
    private func walk(
        _ salvage: WALSalvage, _ found: (Finding) async -> Void
    ) async throws(MessageLogError) -> Bool {
        // People have never heard of the copy.
        func original(_ problem: LogProblem) -> LogProblem {
            var problem = problem
            problem.message = problem.message.replacing(salvage.path, with: file.path)
            return problem
        }
        let reader = Reader(LogFile(path: salvage.path), counters)
        do throws(MessageLogError) { try await reader.open() } catch {
            guard error.code == .corrupt else { throw error }
            await found(.problem(original(LogProblem(error.message))))
            return true
        }
        let isComplete = try await walk(reader) { finding in
            if case .problem(let problem) = finding {
                await found(.problem(original(problem)))
            } else {
                await found(finding)
            }
        }
        await reader.close()
        return withExtendedLifetime(salvage) { isComplete }
    }

    /// Whether nothing can be made beside the file, as SQLite wants to, and the file is all there is.
    private var mustBeImmutable: Bool {
        let folder = file.path.lastIndex(of: "/").map { String(file.path[...$0]) } ?? "."
        let isOpened = access("\(file.path)-shm", F_OK) == 0
        return !isOpened && access(folder, W_OK) != 0 && LogFile.size("\(file.path)-wal") ?? 0 == 0
    }

    private var isOver: Bool { deadline.map { $0 <= .now } ?? false }

    /// What is wrong with a write-ahead log that nobody writes. Where somebody has the log open, it was checked when the first one opened it.
    private func leftWALProblem() -> LogProblem? {
        if MembersFile.isThere(besides: file.path) {
            guard let members = try? MembersFile(besides: file.path), members.tryOpenAlone() else {
                return nil
            }
        }
        do throws(MessageLogError) {
            try WALCheck(path: file.path).run()
            return nil
        } catch {
            return LogProblem(error.message)
        }
    }

    private func walk(_ reader: Reader, _ found: (Finding) async -> Void) async throws(MessageLogError)
        -> Bool
    {
        if depth == .everything {
            let asked = try await ask(reader) { [deadline] (tables) throws(Failure) in
                try tables.structureProblems(until: deadline)
            }
            guard let problems = asked else {
                return false
            }
            for problem in problems { await found(.problem(problem)) }
        }
        for topic in try await wanted(reader) {
            for number in 0..<topic.partitions {
                let partition = TopicPartition(topic: topic.name, partition: number)
                guard try await walk(partition, reader, found) else { return false }
            }
        }
        if depth == .everything, topics == nil {
            let more = try await ask(reader) { (tables) throws(Failure) in
                try tables.strangers() + tables.impossibleOffsets()
            }
            for problem in more { await found(.problem(problem)) }
        }
        return true
    }

    private func wanted(_ reader: Reader) async throws(MessageLogError) -> [TopicConfiguration] {
        let all = try await ask(reader) { (tables) throws(Failure) in try tables.topics }
        guard let topics else { return all }
        let unknown = topics.subtracting(all.map(\.name)).sorted()
        guard unknown.isEmpty else {
            throw MessageLogError(
                .unknownTopic,
                "the log has no topic \(unknown.joined(separator: ", ")); it has "
                    + all.map(\.name).joined(separator: ", "))
        }
        return all.filter { topics.contains($0.name) }
    }

    private func walk(
        _ partition: TopicPartition, _ reader: Reader, _ found: (Finding) async -> Void
    ) async throws(MessageLogError) -> Bool {
        let problem = try await ask(reader) { (tables) throws(Failure) in try tables.sealProblem(partition) }
        if let problem { await found(.problem(problem)) }
        var next: Int64? = 0
        while let from = next {
            if isOver { return false }
            let step = try await ask(reader) { (tables) throws(Failure) in
                try tables.step(partition, from: from)
            }
            next = step.next
            await found(step.finding)
        }
        return true
    }

    private func ask<Answer: Sendable>(
        _ reader: Reader, _ question: @Sendable (Tables) throws(Failure) -> Answer
    ) async throws(MessageLogError) -> Answer {
        try await reader.perform("check log \(file.path)", question)
    }
}
