package import MessageLog
internal import Runtime
internal import SQLite

extension SQLiteLog: GroupBackend {
    package func signal(of member: MemberIdentity) -> Signal {
        joined.withLock { $0[member]?.ear.signal } ?? attendant.signal
    }

    package func join(
        group: String, topics: [String], settings: GroupSettings
    ) async throws(MessageLogError) -> any GroupMember {
        let identity = MemberIdentity(group: group, id: ids.next(), name: settings.member)
        let what = "join group \(group)"
        let places = try await places(of: topics)
        let heartbeat: Heartbeat
        do throws(SystemError) { heartbeat = try members.take(lease: settings.lease) } catch {
            throw MessageLogError(.unavailable, "\(what): \(error)")
        }
        attendant.start()
        attendant.add(heartbeat, of: identity.id)
        let member = Tables.Member(
            id: identity.id, name: settings.member, topics: topics.sorted().joined(separator: "\n"),
            heart: heartbeat.heart)
        let ear = attendant.listen(for: places)
        joined.withLock { $0[identity] = Joined(member: member, ear: ear) }
        do throws(MessageLogError) {
            try await writer.perform(what) { [members] (tables) throws(Failure) in
                try tables.add(member, to: group, topics, members)
            }
        } catch {
            forget(identity)
            throw error
        }
        return LeasedMember(identity, topics: topics, backend: self)
    }

    package func committedOffsets(of group: String) async throws(MessageLogError) -> [TopicPartition: Int64] {
        try await reader.perform("read offsets of group \(group)") { (tables) throws(Failure) in
            try tables.committedOffsets(of: group)
        }
    }

    package func look(
        at group: String, _ positions: [TopicPartition: Int64], limit: ReadLimit
    ) async throws(MessageLogError) -> GroupView {
        let groupMark = members.news.mark(News.groups)
        let loud = loud(positions)
        if loud.isEmpty, let version = quiet.withLock({ $0.version(of: group, groupMark) }) {
            return GroupView(version: version, records: [:])
        }
        let view = try await reader.perform("poll as group \(group)") { (tables) throws(Failure) in
            try tables.view(of: group, loud.mapValues(\.offset), limit)
        }
        quiet.withLock { $0.saw(view.version, of: group, groupMark) }
        // What is damaged has not ended: it is looked at again, until it can be read or was passed over.
        for (partition, look) in loud where view.records[partition] == nil && view.damage[partition] == nil {
            remember(partition, endsAt: look.offset, look.mark)
        }
        return view
    }

    package func balance(_ identity: MemberIdentity) async throws(MessageLogError) -> [PartitionLease] {
        guard let member = joined.withLock({ $0[identity]?.member }) else { throw .logClosed }
        attendant.heartbeat(of: identity.id)?.resume()
        let what = "balance group \(identity.group)"
        let settled = try await reader.perform(what) { [members] (tables) throws(Failure) in
            try tables.settledLeases(of: member, in: identity.group, members)
        }
        if let settled { return settled }
        return try await writer.perform(what) { [members] (tables) throws(Failure) in
            try tables.balance(member, in: identity.group, members)
        }
    }

    package func commit(
        _ transactions: [GroupTransaction], by member: MemberIdentity
    ) async throws(MessageLogError) {
        try await writer.perform("commit of group \(member.group)") { [time] (tables) throws(Failure) in
            try tables.commit(transactions, by: member, at: time.now)
        }
    }

    package func remove(_ member: MemberIdentity) async {
        // Where this fails, the others find the member's place empty and take over by themselves.
        try? await writer.perform("leave group \(member.group)") { (tables) throws(Failure) in
            try attempt { () throws(SQLiteError) in try tables.removeMembers([member.id], of: member.group) }
        }
        forget(member)
    }

    /// Makes every member of this name look as if its process stood still until it polls again: its leases end when they are over. For tests.
    package func stopRenewing(memberNamed name: String) {
        for member in joined.withLock({ $0.keys }) where member.name == name {
            attendant.heartbeat(of: member.id)?.pause()
        }
    }

    private func forget(_ member: MemberIdentity) {
        attendant.remove(member.id)
        let ear = joined.withLock { $0.removeValue(forKey: member)?.ear }
        if let ear { attendant.forget(ear) }
    }

    /// Where what concerns a group of these topics is counted.
    private func places(of topics: [String]) async throws(MessageLogError) -> Set<Int> {
        var places: Set = [News.groups]
        for topic in try await self.topics() where topics.contains(topic.name) {
            for partition in 0..<topic.partitions { places.insert(News.place(topic: topic.name, partition)) }
        }
        return places
    }
}

/// A member that has joined through a log.
struct Joined: Sendable {
    var member: Tables.Member
    /// What wakes it.
    var ear: Ear
}

extension Tables {
    /// Adds a member, and removes those that are dead.
    func add(_ member: Member, to group: String, _ topics: [String], _ file: MembersFile) throws(Failure) {
        var consumed: [Topic] = []
        for name in topics { consumed.append(try topic(name)) }
        let partitions = consumed.last?.configuration.partitions ?? 0
        let there = try self.group(group).members
        let dead = there.filter { !file.isAlive($0.heart) }.map(\.id)
        if let other = there.first(where: { !dead.contains($0.id) && $0.topics != member.topics }) {
            throw .refused(
                MessageLogError(
                    .unavailable,
                    "join group \(group): \(other.name) consumes other topics in it; wait until it has left"))
        }
        try attempt { () throws(SQLiteError) in
            try removeMembers(dead, of: group)
            try addMember(member, to: group, partitions: partitions)
            try subscribe(group, to: consumed)
        }
    }

    /// The member's leases, or nil when there is something to do about them.
    func settledLeases(
        of member: Member, in name: String, _ file: MembersFile
    ) throws(Failure) -> [PartitionLease]? {
        let group = try group(name)
        guard group.members.contains(where: { $0.id == member.id }) else { return nil }
        let balance = group.balance(for: member, file)
        return balance.plan(for: member.id).isEmpty ? balance.leases(of: member.id) : nil
    }

    /// Does what the member should do about its leases, and gives what it has then.
    func balance(_ member: Member, in name: String, _ file: MembersFile) throws(Failure) -> [PartitionLease] {
        let group = try group(name)
        var balance = group.balance(for: member, file)
        balance.apply(balance.plan(for: member.id), for: member.id)
        let dead = group.members.map(\.id).filter { !balance.live.contains($0) }
        try attempt { () throws(SQLiteError) in
            if !group.members.contains(where: { $0.id == member.id }) {
                // It was thought dead and removed while its process stood still.
                try addMember(member, to: name, partitions: group.holdings.count)
            }
            try write(balance.holdings, insteadOf: group.holdings, of: name)
            try removeMembers(dead, of: name)
        }
        return balance.leases(of: member.id)
    }

    func commit(
        _ transactions: [GroupTransaction], by member: MemberIdentity, at time: Timestamp
    ) throws(Failure) {
        var offsets: [(Topic, Int, Int64)] = []
        for transaction in transactions {
            try check(transaction.lease, of: member)
            for (topic, offset) in transaction.offsets {
                offsets.append((try self.topic(topic), transaction.lease.partition, offset))
            }
        }
        let records = transactions.flatMap(\.records)
        let places = try places(of: records)
        for (topic, partition, offset) in offsets {
            try attempt { () throws(SQLiteError) in try commit(offset, of: member.group, in: topic, partition)
            }
        }
        _ = try append(records, to: places, at: time)
    }
}

extension Tables.Group {
    /// Who has what, as the member sees it: it is alive itself, whatever its heart says.
    fileprivate func balance(for member: Tables.Member, _ file: MembersFile) -> GroupBalance {
        var live = Set(members.filter { file.isAlive($0.heart) }.map(\.id))
        live.insert(member.id)
        return GroupBalance(holdings: holdings, live: live)
    }
}
