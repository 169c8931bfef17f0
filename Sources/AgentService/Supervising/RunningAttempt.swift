internal import Descriptors
internal import Events
internal import Glibc
internal import JobRunner
internal import Runtime

/// An attempt whose benchmark runs, until its last process has ended. For the first thread of the program.
final class RunningAttempt {
    private let order: AttemptOrder
    private let folder: AttemptFolder
    private let host: SupervisorHost
    private let wakers: SupervisorWakers
    private let publisher: Publisher
    private let process: BenchmarkProcess
    private let streams: AttemptStreams
    private let started: Timestamp
    private var life: AttemptLife
    private var usage: UsageWatch
    /// Whether the file of measurements may have more than was read, and when to look.
    private var fileIsNews = true
    private var nextFileLook = ContinuousClock.now

    /// Starts the benchmark and writes down that it runs.
    init(
        _ order: AttemptOrder, _ folder: AttemptFolder, _ preparation: Preparation,
        _ wakers: SupervisorWakers,
        _ publisher: Publisher, circumstances: Circumstances, host: SupervisorHost
    ) throws {
        (self.order, self.folder, self.host) = (order, folder, host)
        (self.wakers, self.publisher) = (wakers, publisher)
        let run = order.job.run.descriptor.run
        usage = UsageWatch(run.limits)
        wakers.watchMetrics(of: folder)
        do {
            process = try BenchmarkProcess(
                preparation.command, variables: preparation.variables, directory: folder.work,
                limits: run.limits,
                agent: host.program)
        } catch let failure as BenchmarkProcess.StartFailure {
            throw Refusal(
                cannotStart: preparation.command, code: failure.code, path: preparation.variables["PATH"])
        }
        started = host.time.now
        life = AttemptLife(
            AttemptLife.Limits(
                run: run.timeout.duration, silence: run.silenceTimeout?.duration,
                grace: run.gracePeriod.duration),
            start: .now)
        streams = try AttemptStreams(
            order, folder, preparation, process, publisher: publisher, time: host.time)
        let record = RunningRecord(
            process: process.identity, since: started, environment: circumstances.facts)
        try folder.write(record, to: folder.running)
        try host.failPoints.pass("agent.after-start")
    }

    /// Stays with the benchmark until nothing of it is left, and says how it ended.
    func run(_ circumstances: inout Circumstances) -> AttemptEnd {
        lookForStop()
        while process.exit == nil { turn() }
        let left = Descendants.alive().count
        let isClean = Descendants.endAll()
        publisher.hurry(patience: order.settings.publishDeadline.duration)
        let spent = Descendants.usage()
        circumstances.lookAgain(ownSeconds: spent.seconds + Descendants.ownUsage().seconds)
        if left > 0, life.verdict == nil {
            streams.note("ended \(left) processes that the benchmark had left behind")
        }
        streams.conclude()
        streams.publish(isLast: true)
        publisher.finish(streams.collector.counts)
        if !isClean {
            circumstances.disturb("processes of the attempt could not be killed and may go on running")
        }
        if streams.wasHeldUp {
            circumstances.disturb(
                "the benchmark had to wait with its output, because the message log did not take it")
        }
        return AttemptEnd(
            exit: process.exit, verdict: life.verdict, started: started, counts: streams.collector.counts,
            cpuSeconds: spent.seconds, peakMemory: usage.peakMemory(reported: spent.peakMemory),
            lastWords: streams.lastWords, ranOutOfMemory: circumstances.ranOutOfMemory)
    }

    /// Waits for something to happen, and deals with it.
    private func turn() {
        let events = wakers.wait(
            until: nextDue, process: process.descriptor, output: streams.descriptors, withFiles: !fileIsNews)
        let now = ContinuousClock.now
        if events.wasSignaled { act(life.stop(.interrupted, grace: grace, at: now)) }
        if events.metricsChanged || !wakers.watchesFiles { fileIsNews = true }
        lookForStop()
        let looksAtFile = fileIsNews && now >= nextFileLook
        if streams.read(withFile: looksAtFile) { life.showedSign(at: now) }
        if looksAtFile {
            fileIsNews = false
            nextFileLook = now + AttemptStreams.fileInterval
        }
        if let verdict = usage.look(at: process, now: now) { act(life.exceeded(verdict, at: now)) }
        act(life.tick(at: now))
        if events.hasEnded { process.reap() }
    }

    private var nextDue: ContinuousClock.Instant {
        let file = fileIsNews ? nextFileLook : nil
        // Without the kernel's help the files are looked at now and then.
        let poll = wakers.watchesFiles ? nil : ContinuousClock.now + .milliseconds(100)
        // A minute at most: whatever was missed is found then.
        let late = ContinuousClock.now + .seconds(60)
        return [life.due, streams.due, usage.due, file, poll].compactMap(\.self).reduce(late, min)
    }

    private var grace: Duration { order.job.run.descriptor.run.gracePeriod.duration }

    private func lookForStop() {
        guard folder.isStopRequested else { return }
        let request = try? folder.read(folder.stop, as: StopRequest.self)
        act(life.stop(request?.reason ?? .interrupted, grace: request?.grace.duration ?? .zero, at: .now))
    }

    private func act(_ actions: [AttemptLife.Action]) {
        for action in actions {
            switch action {
            case .terminate: process.signal(SIGTERM)
            case .kill:
                process.signal(SIGKILL)
                // Also those that have left the group.
                for entry in Descendants.alive() { kill(entry.processID, SIGKILL) }
            }
        }
    }
}
