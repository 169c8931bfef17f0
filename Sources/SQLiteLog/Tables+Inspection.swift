internal import MessageLog
internal import SQLite

extension Tables {
    /// One step of a walk over a partition.
    struct InspectionStep: Sendable {
        var finding: LogInspection.Finding
        /// Where the next step begins; nil at the end.
        var next: Int64?
    }

    /// How far past a page that cannot be read one looks offset by offset before the strides grow. A page of 4 KiB holds fewer records.
    private static let closeLook: Int64 = 1000

    /// What is wrong with a partition as a whole: the account of what compaction has left does not fit.
    func sealProblem(_ partition: TopicPartition) throws(Failure) -> LogProblem? {
        do throws(Failure) {
            try checkSeal(of: topic(of: partition), partition.partition)
            return nil
        } catch {
            guard error.isDamage else { throw error }
            return LogProblem(error.error("read \(partition)").message, partition: partition)
        }
    }

    /// Reads on from `offset`: records, or what is wrong there and where reading can go on.
    func step(_ partition: TopicPartition, from offset: Int64) throws(Failure) -> InspectionStep {
        let damage: Failure
        do throws(Failure) {
            let records = try records(of: partition, from: offset, limit: ReadLimit())
            return InspectionStep(finding: .records(records), next: records.last.map { $0.offset + 1 })
        } catch {
            guard error.isDamage else { throw error }
            damage = error
        }
        let next = try offsetBehindDamage(at: offset, partition)
        let problem = LogProblem(
            damage.error("read \(partition)").message, partition: partition, offset: offset,
            lost: next.map { $0 - offset })
        return InspectionStep(finding: .problem(problem), next: next)
    }

    /// Where reading can go on; nil when nothing behind the damage can be reached.
    private func offsetBehindDamage(at offset: Int64, _ partition: TopicPartition) throws(Failure) -> Int64? {
        let topic = try topic(of: partition)
        var (bad, stride) = (offset, Int64(1))
        // The record at `offset` may be reachable and not be what was written: then it is passed over alone.
        if let there = try reach(offset, topic, partition.partition) {
            return there.map { $0 == offset ? $0 + 1 : $0 }
        }
        while true {
            let further = bad + stride
            guard further < topic.position(partition.partition, 0).last.offset else { return nil }
            if let there = try reach(further, topic, partition.partition) {
                return try bisect(from: bad, to: further, there, topic, partition.partition)
            }
            bad = further
            if bad - offset > Tables.closeLook { stride *= 2 }
        }
    }

    /// The first offset between `bad`, where nothing can be reached, and `good`, from where `there` can.
    private func bisect(
        from bad: Int64, to good: Int64, _ there: Int64?, _ topic: Topic, _ partition: Int
    ) throws(Failure) -> Int64? {
        var (bad, good, there) = (bad, good, there)
        while good - bad > 1 {
            let middle = bad + (good - bad) / 2
            if let found = try reach(middle, topic, partition) {
                (good, there) = (middle, found)
            } else {
                bad = middle
            }
        }
        return there
    }

    /// The offset of the first record at or after `offset`, nil inside where there is none; nil where the file cannot be read there.
    private func reach(_ offset: Int64, _ topic: Topic, _ partition: Int) throws(Failure) -> Int64?? {
        let start = topic.position(partition, offset)
        do throws(SQLiteError) {
            return .some(
                try database.first(
                    "SELECT position FROM record WHERE position BETWEEN ? AND ? ORDER BY position LIMIT 1",
                    start.number, start.last.number
                ) { PackedPosition(number: $0.integer(0)).offset })
        } catch {
            guard error.isCorrupt else { throw .failed(error) }
            return nil
        }
    }
}

extension Tables {
    /// What SQLite finds wrong with the file; where it cannot even look, that is what it has found. nil when `deadline` came first.
    func structureProblems(until deadline: ContinuousClock.Instant?) throws(Failure) -> [LogProblem]? {
        do throws(SQLiteError) {
            let lines = try database.interrupting(at: deadline) { () throws(SQLiteError) in
                try database.query("PRAGMA integrity_check(\(IntegrityReport.mostProblems))") { $0.text(0) }
            }
            return lines.filter { $0 != "ok" }.map { LogProblem("\(database.path): \($0)") }
        } catch {
            if error.code == .interrupted { return nil }
            guard error.isCorrupt else { throw .failed(error) }
            return [LogProblem("\(database.path): \(error.message)")]
        }
    }

    /// Records that belong to no topic: something has changed their position.
    func strangers() throws(Failure) -> [LogProblem] {
        var problems: [LogProblem] = []
        var next: Int64? = .min
        do throws(SQLiteError) {
            while let from = next, problems.count < IntegrityReport.mostProblems {
                next = try database.first(
                    "SELECT position FROM record WHERE position >= ? ORDER BY position LIMIT 1", from
                ) { $0.integer(0) }
                guard let found = next else { break }
                let position = PackedPosition(number: found)
                let topic = topicsByID.first { $0.id == position.topic }
                if let topic, position.partition < topic.configuration.partitions {
                    next = position.last.number == .max ? nil : position.last.number + 1
                } else {
                    problems.append(
                        LogProblem(
                            "\(database.path): a record at position \(found) belongs to no topic and partition"
                        ))
                    next = found == .max ? nil : found + 1
                }
            }
        } catch {
            guard error.isCorrupt else { throw .failed(error) }
        }
        return problems
    }

    /// Offsets that groups have committed beyond the end: records are missing there.
    func impossibleOffsets() throws(Failure) -> [LogProblem] {
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
                return LogProblem(
                    "\(database.path): \(name)/\(row.partition) ends at \(end), but group \(row.group) has "
                        + "committed \(row.offset): records at the end are missing",
                    partition: TopicPartition(topic: name, partition: row.partition), offset: end,
                    lost: row.offset - end)
            }
        } catch {
            guard error.isCorrupt else { throw .failed(error) }
            return []
        }
    }
}
