internal import Descriptors
internal import Events
internal import Glibc
package import JobRunner
internal import JSON
internal import MessageLog
internal import Runtime

/// Runs one attempt and stays with it until everything about it is on the log. One process supervises one attempt, on its first thread.
package struct Supervisor {
    private let folder: AttemptFolder
    private let host: SupervisorHost
    /// The descriptor that holds the machine's slot; -1: there is none.
    private let slot: Int32

    /// Supervises the attempt in `folder`, unless somebody did before.
    ///
    /// - Parameter slot: an inherited descriptor that is closed when the last process of the attempt has ended.
    /// - Returns: the program's exit code: 0 when the attempt is, or was, in good hands.
    package static func run(_ folder: AttemptFolder, slot: Int32?, host: SupervisorHost) -> Int32 {
        AgentWakers.holdSignals()
        if let slot { _ = fcntl(slot, F_SETFD, FD_CLOEXEC) }
        let supervisor = Supervisor(folder: folder, host: host, slot: slot ?? -1)
        do {
            let claim = try AttemptClaim.take(folder, host: host)
            supervisor.sayReady()
            guard let claim else { return 0 }
            defer { withExtendedLifetime(claim) {} }
            try supervisor.superviseOrSayWhyNot()
            return 0
        } catch {
            host.log.error("the attempt cannot be supervised", ["folder": folder.path, "error": "\(error)"])
            return 1
        }
    }

    /// Tells the runner that it may go, and lets go of its pipe.
    private func sayReady() {
        _ = "\(Supervision.ready)\n".withCString { write(STDOUT_FILENO, $0, strlen($0)) }
        let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
        if nothing >= 0 {
            dup2(nothing, STDOUT_FILENO)
            close(nothing)
        }
    }

    /// Whatever goes wrong here: nothing is left running, and the attempt has an outcome that says what it was.
    private func superviseOrSayWhyNot() throws {
        do {
            Descendants.adopt()
            try supervise()
        } catch  where !folder.isEnded {
            _ = Descendants.endAll()
            let outcome = AttemptEnd(refusal: error).outcome(of: nil, at: host.time.now)
            try folder.write(outcome, to: folder.outcome)
            throw error
        }
    }

    private func supervise() throws {
        guard let order = try folder.read(folder.order, as: AttemptOrder.self) else {
            throw SystemError("read \(folder.order)", code: ENOENT)
        }
        let wakers = try AgentWakers(names: folder.path)
        let records = try BatchRecords(
            origin: order.job.origin, run: order.job.runID, attempt: order.job.attempt.number,
            host: Machine.hostname)
        let publisher = Publisher(
            records, time: host.time, failPoints: host.failPoints,
            changed: { [bell = wakers.bell] in bell.ring() })
        // Its end is `isDone`, for which this thread waits.
        Task { [open = host.openLog, settings = order.settings] in
            await publisher.run { () async throws(MessageLogError) in try await open(settings) }
        }
        var circumstances = Circumstances(order)
        var end = perform(order, wakers, publisher, &circumstances)
        if slot >= 0 { close(slot) }
        waitFor(publisher, wakers)
        end.failure = publisher.standing.failure
        let outcome = end.outcome(of: circumstances, at: host.time.now)
        try folder.write(outcome, to: folder.outcome)
        try host.failPoints.pass("agent.after-outcome")
    }

    /// Runs the attempt, or says why it cannot be run.
    private func perform(
        _ order: AttemptOrder, _ wakers: AgentWakers, _ publisher: Publisher,
        _ circumstances: inout Circumstances
    ) -> AttemptEnd {
        do {
            if let request = stopRequest { throw AttemptEnd.stoppedBefore(request) }
            let preparation = try Preparation(order, folder: folder, services: host.environment)
            circumstances.look()
            let running = try RunningAttempt(
                order, folder, preparation, wakers, publisher, circumstances: circumstances, host: host)
            return running.run(&circumstances)
        } catch {
            // It may have been started already when something else failed.
            _ = Descendants.endAll()
            return refuse(AttemptEnd(refusal: error), publisher, order)
        }
    }

    /// An attempt that never ran has a log all the same: of one line, which says why.
    private func refuse(_ end: AttemptEnd, _ publisher: Publisher, _ order: AttemptOrder) -> AttemptEnd {
        var end = end
        var collector = Collector(metrics: [], variables: [:])
        collector.note(end.message, at: host.time.now)
        for batch in collector.batches(isLast: true, now: .now) { publisher.submit(batch) }
        end.counts = collector.counts
        publisher.hurry(patience: order.settings.publishDeadline.duration)
        publisher.finish(collector.counts)
        return end
    }

    private var stopRequest: StopRequest? {
        // A damaged wish to stop is one.
        if let request = try? folder.read(folder.stop, as: StopRequest.self) { return request }
        return folder.isStopRequested ? StopRequest(grace: .seconds(0), reason: .canceledByUser) : nil
    }

    private func waitFor(_ publisher: Publisher, _ wakers: AgentWakers) {
        while !publisher.standing.isDone {
            _ = wakers.wait(until: .now + .seconds(1))
        }
    }
}
