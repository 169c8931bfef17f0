internal import Events
package import MessageLog
package import Runtime

/// The loop that every service is: it takes records, has its subject decide, does the effects, and publishes events, state and offsets in one
/// transaction. Retries, dead letters, restoring, fencing and shutting down are here, once.
package actor ServiceLoop<S: Subject> {
    /// How the loop is tuned; the defaults are the product's.
    package struct Settings: Sendable {
        /// How often something that is not known to be transient is tried before it becomes a dead letter.
        package var tries = 5
        package var backoff = Backoff(first: .milliseconds(50), most: .seconds(10))
        /// How long offsets of records that changed nothing may wait for company, so that a service that only reads along does not sync.
        package var lazyCommit = Duration.milliseconds(500)
        package var limit = ReadLimit(records: 200, bytes: 4 << 20)
        package var lease = Duration.seconds(10)
        /// How often to look again at states that are damaged.
        package var stallCheck = Duration.seconds(2)

        package init() {}
    }

    enum Item: Sendable {
        case polled(GroupEvent)
        case signal(String, S.Signal)
    }

    let subject: S
    let log: any MessageLog
    let time: any TimeSource
    let node: ServiceNode
    let failPoints: FailPoints
    let output: StructuredLog
    let settings: Settings
    package nonisolated let health: ServiceHealth

    let inbox = Inbox<Item>()
    var leases: [Int: PartitionLease] = [:]
    var keys = KeyTable<S.State>()
    var lazyOffsets = LazyOffsets()
    var partitionCount = 1
    /// What of the inputs cannot be read on.
    var damagedInputs: [MessageLogError] = []
    /// Partitions whose states cannot be read: nothing of them is decided until they can be.
    var stalled: [Int: MessageLogError] = [:]
    /// When to look at them again.
    var nextLook: Timestamp?

    package init(
        subject: S, log: any MessageLog, node: ServiceNode, time: any TimeSource = SystemTime(),
        failPoints: FailPoints = .none, output: StructuredLog? = nil, settings: Settings = Settings()
    ) {
        self.subject = subject
        self.log = log
        self.node = node
        self.time = time
        self.failPoints = failPoints
        self.output = output ?? StructuredLog(service: node.service)
        self.settings = settings
        health = ServiceHealth(service: node.service)
    }

    /// Works until the task is cancelled; then it ends what it has begun, hands its partitions back and returns.
    ///
    /// - Throws: what makes going on impossible: a log that is corrupt or closed.
    package func run() async throws {
        partitionCount = try await log.topics().first?.partitions ?? 1
        output.info("service started")
        while !Task.isCancelled { try await takePart() }
        output.info("service stopped")
    }

    /// Is a member of the group until the task is cancelled, or until it was fenced and has to join anew.
    private func takePart() async throws {
        let member = try await log.join(
            group: subject.name, topics: subject.inputs.map(\.rawValue),
            settings: GroupSettings(member: node.description, lease: settings.lease))
        do {
            try await work(with: member)
            try await commitLazyOffsets(member, isDue: true)
        } catch is CancellationError {
            // The usual end. What was not committed is taken again.
        } catch is Fenced {
            health.failing("a partition was taken over by another instance")
        } catch is Mended {
            output.info("states can be read again")
        } catch {
            await leave(member)
            throw error
        }
        await leave(member)
    }

    private func work(with member: any GroupMember) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            var isPolling = false
            while !Task.isCancelled {
                if !isPolling {
                    isPolling = true
                    group.addTask { try await self.poll(member) }
                }
                await waitForWork()
                let items = inbox.take()
                if items.contains(where: { if case .polled = $0 { true } else { false } }) {
                    isPolling = false
                }
                try await handle(items, member)
            }
            group.cancelAll()
        }
    }

    private func leave(_ member: any GroupMember) async {
        await subject.release(keys.remove { _ in true })
        leases = [:]
        lazyOffsets.clear()
        (damagedInputs, stalled, nextLook) = ([], [:], nil)
        health.isDamaged([])
        _ = inbox.take()
        await member.leave()
    }

    /// Asks the log once and puts the answer into the inbox. What is not asked for stays in the log: that is the back-pressure.
    private func poll(_ member: any GroupMember) async throws {
        var failures = 0
        while !Task.isCancelled {
            do {
                try failPoints.pass("\(subject.name).before-take")
                let event = try await member.poll(limit: settings.limit, timeout: .seconds(1))
                health.polled(at: time.now)
                if event == .idle { continue }
                inbox.push(.polled(event))
                return
            } catch let error as MessageLogError where error.isTransient {
                failures += 1
                health.failing(error.message)
                output.warning("the log cannot be read, trying again", ["error": error.message])
                try await time.sleep(for: settings.backoff.delay(after: failures))
            }
        }
    }

    /// Returns when something is in the inbox, or a key wants to be decided, or offsets have waited enough.
    private func waitForWork() async {
        guard let until = [keys.nextWake, lazyOffsets.due, nextLook].compactMap({ $0 }).min() else {
            return await inbox.wait()
        }
        let delay = until - time.now
        if delay <= .zero { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.inbox.wait() }
            group.addTask { try? await self.time.sleep(for: delay) }
            await group.next()
            group.cancelAll()
        }
    }

    private func handle(_ items: [Item], _ member: any GroupMember) async throws {
        var tasks: [Work] = []
        for item in items {
            switch item {
            case .polled(.assigned(let leases)):
                tasks += try await restore(leases)
            case .polled(.revoked(let leases)):
                tasks = await drop(leases, keeping: tasks)
            case .polled(.records(let records)):
                try failPoints.pass("\(subject.name).after-take")
                tasks += records.filter { stalled[$0.partition] == nil }.map(Work.record)
            case .polled(.damaged(let damage)):
                damagedInputs = damage
                tellDamage()
            case .polled(.idle): break
            case .signal(let key, let signal): tasks.append(.signal(key, signal))
            }
        }
        try await lookAtStalled()
        tasks += keys.takeDue(time.now).map(Work.wake)
        try await settle(tasks, member)
        try await commitLazyOffsets(member, isDue: false)
    }
}
