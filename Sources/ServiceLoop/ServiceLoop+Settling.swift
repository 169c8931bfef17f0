internal import Events
internal import FoundationEssentials
internal import JSON
internal import MessageLog
internal import Runtime

extension ServiceLoop {
    /// Decides, does and commits `work`: together where that goes well, one by one where something in it cannot be handled, so that one bad record
    /// never takes others with it.
    func settle(_ work: [Work], _ member: any GroupMember) async throws {
        if work.isEmpty { return }
        do {
            return try await carryOut(try plan(work), member)
        } catch let error where isOurEnd(error) {
            throw error
        } catch  where work.count > 1 {
            for item in work { try await settle([item], member) }
        } catch {
            try await settleAlone(work[0], firstError: error, member)
        }
    }

    /// Tries one piece of work again, with waits, until it is done or has been tried often enough.
    private func settleAlone(_ work: Work, firstError: any Error, _ member: any GroupMember) async throws {
        var error = firstError
        var tries = 1
        while !(error is WorkFailure), tries < settings.tries {
            health.failing(String(describing: error))
            output.warning(
                "trying again", ["key": work.key, "error": String(describing: error), "tries": "\(tries)"])
            try await time.sleep(for: settings.backoff.delay(after: tries))
            do {
                return try await carryOut(try plan([work]), member)
            } catch let next where isOurEnd(next) {
                throw next
            } catch let next {
                error = next
                tries += 1
            }
        }
        try await bury(work, error: error, tries: tries, member)
    }

    /// Effects first, then one transaction. Waits out whatever says of itself that it is transient.
    private func carryOut(_ plan: Plan, _ member: any GroupMember) async throws {
        try failPoints.pass("\(subject.name).before-effect")
        try await waitingOut { try await self.perform(plan.effects) }
        try failPoints.pass("\(subject.name).after-effect")
        if plan.isOnlyOffsets {
            lazyOffsets.add(plan.offsets, due: time.now + settings.lazyCommit)
        } else {
            try failPoints.pass("\(subject.name).before-commit")
            try await waitingOut { try await self.commit(plan, member) }
        }
        for (key, state) in plan.states { keys[key] = state }
        for (key, wake) in plan.wakes { keys.setWake(key, wake) }
        // What is committed is committed: only `kill` and the like mean something here, an error has nobody to go to.
        if !plan.isOnlyOffsets { try? failPoints.pass("\(subject.name).after-commit") }
        health.handled(plan.offsets.values.reduce(0) { $0 + $1.count }, at: time.now)
    }

    private func perform(_ effects: [KeyedEffect<S.Effect>]) async throws {
        if effects.isEmpty { return }
        let inbox = self.inbox
        try await subject.perform(effects, signals: Signals { inbox.push(.signal($0, $1)) })
    }

    private func commit(_ plan: Plan, _ member: any GroupMember) async throws {
        var offsets = lazyOffsets.offsets
        for (partition, topics) in plan.offsets {
            offsets[partition, default: [:]].merge(topics) { max($0, $1) }
        }
        let partitions = Set(offsets.keys).union(plan.records.keys)
        let transactions = partitions.sorted().compactMap { partition in
            leases[partition].map {
                GroupTransaction(
                    lease: $0, offsets: offsets[partition] ?? [:], records: plan.records[partition] ?? [])
            }
        }
        do {
            try await member.commit(transactions)
        } catch {
            guard error.code == .fenced else { throw error }
            // Somebody else has a partition now and decides the same things from the same records. What this instance took but did not
            // commit of its other partitions, it must take again: it joins anew.
            output.warning("a partition was taken over", ["error": error.message])
            throw Fenced()
        }
        lazyOffsets.clear()
    }

    /// Commits offsets that wait, if they have waited enough.
    func commitLazyOffsets(_ member: any GroupMember, isDue: Bool) async throws {
        guard let due = lazyOffsets.due, isDue || due <= time.now else { return }
        try await waitingOut { try await self.commit(Plan(), member) }
    }

    /// Repeats `body` while it fails by what says of itself that it is transient: the partition waits, nothing is lost, health says why.
    private func waitingOut(_ body: () async throws -> Void) async throws {
        var failures = 0
        while true {
            do {
                return try await body()
            } catch let error where (error as? any Retryable)?.isTransient == true {
                failures += 1
                health.failing(String(describing: error))
                if failures == 1 { output.warning("waiting", ["error": String(describing: error)]) }
                try await time.sleep(for: settings.backoff.delay(after: failures))
            }
        }
    }

    /// Errors that end the loop (or this stretch of work) rather than blame a record.
    private func isOurEnd(_ error: any Error) -> Bool {
        if error is CancellationError || error is Fenced { return true }
        switch (error as? MessageLogError)?.code {
        case .corrupt, .unsupportedVersion, .closed: return true
        case .unavailable, .full, .offsetOutOfRange, .fenced, .unknownTopic, .invalidTopic, .recordTooLarge,
            nil:
            return false
        }
    }
}

/// Errors may quote what they are about: people read the beginning.
private let longestReason = 2000

/// Another member holds a partition of the work now.
struct Fenced: Error {}

/// States that could not be read can be.
struct Mended: Error {}

extension ServiceLoop {
    /// Puts a piece of work aside for good: a dead letter with the reason, and the run's end as an error. The loop goes on.
    private func bury(_ work: Work, error: any Error, tries: Int, _ member: any GroupMember) async throws {
        let reason = String(
            ((error as? WorkFailure)?.reason ?? String(describing: error)).prefix(longestReason))
        health.buried(reason, at: time.now)
        output.error("gave a record up", ["key": work.key, "error": reason, "tries": "\(tries)"])
        var plan = Plan()
        let partition = Partitioner.partition(of: work.key, among: partitionCount)
        switch work {
        case .record(let record):
            plan.offsets[record.partition] = [record.topic: record.offset + 1]
            plan.records[partition] = [try letter(record, reason, tries, after: work)]
        case .unreadable(let record, _):
            let nothing = NewRecord(topic: record.topic, key: record.key, value: nil)
            plan.records[partition] = [try letter(record, reason, tries, after: work), nothing]
        case .signal, .restored, .wake: break
        }
        let ended = OutgoingEvent(
            StatusChanged(
                status: .error, reason: .internalError,
                message: "\(subject.name) could not go on: \(reason). See `baictl get deadletters`.",
                attempt: 0),
            name: "buried")
        if subject.endsRunsOnFailure {
            plan.records[partition, default: []].append(
                try self.record(of: ended, after: origin(of: work), key: work.key, now: time.now))
        }
        try await waitingOut { try await self.commit(plan, member) }
    }

    private func letter(
        _ record: LogRecord, _ reason: String, _ tries: Int, after work: Work
    ) throws -> NewRecord {
        var letter = DeadLetter(record, service: subject.name, reason: reason, tries: tries)
        let name = "dead/\(record.position)"
        func put(_ letter: DeadLetter) throws -> NewRecord {
            try self.record(
                of: OutgoingEvent(letter, name: name), after: origin(of: work), key: work.key, now: time.now)
        }
        let whole = try put(letter)
        if whole.value?.count ?? 0 <= NewRecord.largestValue { return whole }
        // A record of the largest size that the log takes grows when it is wrapped. The letter says where it is instead.
        let count = record.value?.count ?? 0
        letter.reason +=
            " (its \(count) bytes are too many for a dead letter: they are at \(record.position) only)"
        (letter.text, letter.bytes) = (nil, nil)
        return try put(letter)
    }

    /// The envelope to follow from: of what is in hand, else of the record itself, else one that names this service alone.
    private func origin(of work: Work) -> Event {
        if let stored = keys[work.key] { return stored.origin }
        if case .record(let record) = work, let value = record.value,
            let event = try? JSONCoding.decode(Event.self, from: value)
        {
            return event
        }
        return Event(
            messageID: "", actionID: work.key, clientID: subject.name, clientVersion: node.version,
            clientUsername: "",
            tstamp: time.now, type: "", payload: .object([:]))
    }
}

extension DeadLetter {
    init(_ record: LogRecord, service: String, reason: String, tries: Int) {
        let text = record.value.flatMap { String(validating: $0, as: UTF8.self) }
        self.init(
            service: service, topic: record.topic, partition: record.partition, offset: record.offset,
            key: record.key,
            headers: record.headers, text: text,
            bytes: text == nil ? record.value.map { Data($0).base64EncodedString() } : nil, reason: reason,
            tries: tries)
    }
}
