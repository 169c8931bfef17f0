package import MessageLog
internal import Runtime
internal import SQLite

extension SQLiteLog {
    package func checkIntegrity() async throws(MessageLogError) -> IntegrityReport {
        try await SQLiteLog.scan(file, counters)
    }

    /// Checks the log at `path` without opening it for work, also where `open` refuses it: what it would refuse is among the problems.
    package static func check(_ path: String) async throws(MessageLogError) -> IntegrityReport {
        let file = LogFile(path: path)
        guard LogFile.size(path) != nil else {
            throw MessageLogError(.unavailable, "check log \(path): there is no such file")
        }
        var problems: [String] = []
        // Where somebody has the log open, its WAL is being written and was checked when the first one opened it.
        if let members = try? MembersFile(besides: path), members.tryOpenAlone() {
            do throws(MessageLogError) { try WALCheck(path: path).run() } catch {
                problems.append(error.message)
            }
        }
        do throws(MessageLogError) {
            var report = try await scan(file, Locked(Statistics()))
            report.problems = problems + report.problems
            return report
        } catch {
            guard error.code == .corrupt else { throw error }
            return IntegrityReport(records: 0, problems: problems + [error.message])
        }
    }

    private static func scan(
        _ file: LogFile, _ counters: Locked<Statistics>
    ) async throws(MessageLogError) -> IntegrityReport {
        let scanner = Reader(file, counters)
        try await scanner.open()
        let report = try await scanner.perform("check log \(file.path)") { (tables) throws(Failure) in
            try tables.check()
        }
        await scanner.close()
        return report
    }
}

extension Tables {
    /// Somebody reads them: more would tell nobody more.
    private static let mostProblems = 100

    /// Reads everything: SQLite's own structures, every record, and what groups have committed.
    func check() throws(Failure) -> IntegrityReport {
        var report = IntegrityReport(records: 0, problems: try structureProblems())
        for topic in topicsByID {
            for partition in 0..<topic.configuration.partitions {
                check(topic, partition, &report)
            }
        }
        report.problems += try strangers() + impossibleOffsets()
        report.problems = Array(report.problems.prefix(Tables.mostProblems))
        return report
    }

    /// What SQLite finds. Where it cannot even look, that is what it has found.
    private func structureProblems() throws(Failure) -> [String] {
        do throws(SQLiteError) {
            let lines = try database.query("PRAGMA integrity_check(\(Tables.mostProblems))") { $0.text(0) }
            return lines.filter { $0 != "ok" }.map { "\(database.path): \($0)" }
        } catch {
            guard error.isCorrupt else { throw .failed(error) }
            return ["\(database.path): \(error.message)"]
        }
    }

    private func check(_ topic: Topic, _ number: Int, _ report: inout IntegrityReport) {
        let partition = TopicPartition(topic: topic.name, partition: number)
        var next: Int64 = 0
        while report.problems.count < Tables.mostProblems {
            do throws(Failure) {
                let records = try read(partition, from: next, limit: ReadLimit())
                report.records += records.count
                guard let last = records.last else { return }
                next = last.offset + 1
            } catch {
                report.problems.append(error.error("read \(partition)").message)
                guard let further = offset(after: next, topic, number) else { return }
                next = further
            }
        }
    }

    /// Where reading can go on after the damage that it met at `next`; nil when it cannot.
    private func offset(after next: Int64, _ topic: Topic, _ partition: Int) -> Int64? {
        let start = topic.position(partition, next)
        let found = try? database.first(
            "SELECT position FROM record WHERE position BETWEEN ? AND ? ORDER BY position LIMIT 1",
            start.number, start.last.number
        ) { PackedPosition(number: $0.integer(0)).offset }
        // A record that is there is the damaged one itself; otherwise some were missing before the one found.
        return found.flatMap { $0 }.map { $0 == next ? $0 + 1 : $0 }
    }

    /// Records that belong to no topic: something has changed their position.
    private func strangers() throws(Failure) -> [String] {
        var problems: [String] = []
        var next: Int64? = .min
        do throws(SQLiteError) {
            while let from = next, problems.count < Tables.mostProblems {
                next = try database.first(
                    "SELECT position FROM record WHERE position >= ? ORDER BY position LIMIT 1", from
                ) { $0.integer(0) }
                guard let found = next else { break }
                let position = PackedPosition(number: found)
                let topic = topicsByID.first { $0.id == position.topic }
                if let topic, position.partition < topic.configuration.partitions {
                    next = position.last.number + 1
                } else {
                    problems.append(
                        "\(database.path): a record at position \(found) belongs to no topic and partition")
                    next = found == .max ? nil : found + 1
                }
            }
        } catch {
            guard error.isCorrupt else { throw .failed(error) }
        }
        return problems
    }

    /// Offsets that groups have committed beyond the end: records are missing there.
    private func impossibleOffsets() throws(Failure) -> [String] {
        do throws(SQLiteError) {
            let committed = try database.query("SELECT group_name, topic, partition, offset FROM committed") {
                (
                    group: $0.text(0), topic: $0.integer(1), partition: Int($0.integer(2)),
                    offset: $0.integer(3)
                )
            }
            return committed.compactMap { row in
                let first = PackedPosition(topic: row.topic, partition: row.partition, offset: 0)
                guard let end = try? end(of: first), row.offset > end else { return nil }
                let name = topicsByID.first { $0.id == row.topic }?.name ?? "topic \(row.topic)"
                return
                    "\(database.path): \(name)/\(row.partition) ends at \(end), but group \(row.group) has "
                    + "committed \(row.offset): records at the end are missing"
            }
        } catch {
            guard error.isCorrupt else { throw .failed(error) }
            return []
        }
    }
}
