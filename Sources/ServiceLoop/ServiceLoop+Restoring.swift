internal import Events
internal import JSON
internal import MessageLog
internal import Runtime

extension ServiceLoop {
    /// Reads back what was in hand for partitions that this instance has got, and has each key's effects started again. A key whose state cannot be
    /// read is given up, so that the others are not.
    func restore(_ newLeases: [PartitionLease]) async throws -> [Work] {
        var restored: [Work] = []
        for lease in newLeases {
            leases[lease.partition] = lease
            let states: [String: StoredState<S.State>], unreadable: [Work]
            do {
                (states, unreadable) = try await self.states(in: lease.partition)
            } catch let error as MessageLogError where error.position != nil {
                stall(lease.partition, error)
                continue
            }
            restored += unreadable
            for (key, state) in states.sorted(by: { $0.key < $1.key }) {
                keys[key] = state
                restored.append(.restored(key))
            }
        }
        output.info(
            "partitions taken", ["partitions": list(newLeases), "keys": "\(restored.count)"])
        return restored
    }

    /// Lets partitions go: their keys are forgotten, their background work stops, and work on them that waits is left to whoever has them now.
    func drop(_ gone: [PartitionLease], keeping work: [Work]) async -> [Work] {
        let partitions = Set(gone.map(\.partition))
        for partition in partitions {
            leases[partition] = nil
            stalled[partition] = nil
        }
        tellDamage()
        lazyOffsets.drop(partitions)
        let count = partitionCount
        let isGone = { (key: String) in partitions.contains(Partitioner.partition(of: key, among: count)) }
        await subject.release(keys.remove(where: isGone))
        output.info("partitions given up", ["partitions": list(gone)])
        return work.filter { !isGone($0.key) }
    }

    /// Leaves a partition alone whose states are damaged: what is decided on others would be decided on nothing. The other partitions go on.
    private func stall(_ partition: Int, _ error: MessageLogError) {
        stalled[partition] = error
        nextLook = time.now + settings.stallCheck
        tellDamage()
    }

    /// Looks now and then whether somebody has mended what is damaged; then this instance takes its partitions anew.
    func lookAtStalled() async throws {
        guard let due = nextLook, due <= time.now else { return }
        nextLook = stalled.isEmpty ? nil : time.now + settings.stallCheck
        for partition in stalled.keys.sorted() {
            do {
                _ = try await states(in: partition)
                throw Mended()
            } catch let error as MessageLogError where error.position != nil {
                stalled[partition] = error
            }
        }
        tellDamage()
    }

    /// Says what is damaged when that has changed.
    func tellDamage() {
        let damage = (damagedInputs + stalled.values).map(\.message).sorted()
        let known = health.snapshot.damage
        for message in damage where !known.contains(message) {
            output.error("cannot be read, goes on with the rest", ["error": message])
        }
        health.isDamaged(damage)
    }

    private func states(
        in partition: Int
    ) async throws -> (states: [String: StoredState<S.State>], unreadable: [Work]) {
        let source = TopicPartition(topic: Topic.state(of: subject.name), partition: partition)
        let range = try await log.range(of: source)
        // Only the newest record of a key counts: whatever is wrong with an earlier one is over.
        var newest: [String: LogRecord] = [:]
        var offset = range.lowerBound
        while offset < range.upperBound {
            let records = try await log.read(source, from: offset, limit: ReadLimit())
            guard let last = records.last else { break }
            for record in records { newest[record.key] = record.value == nil ? nil : record }
            offset = last.offset + 1
        }
        var states: [String: StoredState<S.State>] = [:]
        var unreadable: [Work] = []
        for record in newest.values.sorted(by: { $0.offset < $1.offset }) {
            do throws(JSONError) {
                states[record.key] = try JSONCoding.decode(
                    StoredState<S.State>.self, from: record.value ?? [])
            } catch {
                unreadable.append(.unreadable(record, error.description))
            }
        }
        return (states, unreadable)
    }

    private func list(_ leases: [PartitionLease]) -> String {
        leases.map { "\($0.partition)" }.joined(separator: ",")
    }
}
