internal import Descriptors
internal import Events
internal import Glibc
internal import JobRunner
internal import Runtime

/// A local attempt whose benchmark runs, until all that it printed and measured is handed to the publisher. For the first thread of the program.
final class RunningAttempt {
    private let order: AttemptOrder
    private let publisher: Publisher
    private let streams: AttemptStreams
    private let benchmark: RunningBenchmark
    private let started: Timestamp

    /// Starts the benchmark and writes down that it runs.
    init(
        _ order: AttemptOrder, _ folder: AttemptFolder, _ preparation: Preparation, _ wakers: AgentWakers,
        _ publisher: Publisher, circumstances: Circumstances, host: SupervisorHost
    ) throws {
        (self.order, self.publisher) = (order, publisher)
        let run = order.job.run.descriptor.run
        let usage = UsageWatch(run.limits)
        wakers.watchContent(of: folder.metrics)
        let process: BenchmarkProcess
        do {
            process = try BenchmarkProcess(
                preparation.command, variables: preparation.variables, directory: folder.work,
                limits: run.limits, agent: [host.program])
        } catch let failure as BenchmarkProcess.StartFailure {
            throw Refusal(
                cannotStart: preparation.command, code: failure.code, path: preparation.variables["PATH"])
        }
        started = host.time.now
        streams = try AttemptStreams(
            order, folder, preparation, process, publisher: publisher, time: host.time)
        benchmark = RunningBenchmark(
            [process], output: streams, wakers: wakers,
            limits: AttemptLife.Limits(
                run: run.timeout.duration, silence: run.silenceTimeout?.duration,
                grace: run.gracePeriod.duration),
            usage: usage, stopRequest: { RunningAttempt.stopRequest(in: folder) })
        let record = RunningRecord(
            process: process.identity, since: started, environment: circumstances.facts)
        try folder.write(record, to: folder.running)
        try host.failPoints.pass("agent.after-start")
    }

    /// Stays with the benchmark until nothing of it is left, and says how it ended.
    func run(_ circumstances: inout Circumstances) -> AttemptEnd {
        let ending = benchmark.run()
        publisher.hurry(patience: order.settings.publishDeadline.duration)
        circumstances.lookAgain(after: ending)
        if let words = ending.leftOverNote { streams.note(words) }
        streams.conclude()
        streams.publish(isLast: true)
        publisher.finish(streams.collector.counts)
        if streams.wasHeldUp {
            circumstances.disturb(
                "the benchmark had to wait with its output, because the message log did not take it")
        }
        return AttemptEnd(
            ending, started: started, counts: streams.collector.counts, lastWords: streams.lastWords,
            ranOutOfMemory: circumstances.ranOutOfMemory,
            interruption:
                "the services of this machine were taken down, or its supervisor was told to end, while it ran"
        )
    }

    /// A damaged wish to stop is one.
    private static func stopRequest(in folder: AttemptFolder) -> StopRequest? {
        guard folder.isStopRequested else { return nil }
        return (try? folder.read(folder.stop, as: StopRequest.self))
            ?? StopRequest(grace: .seconds(0), reason: .interrupted)
    }
}

extension RunningBenchmark.Ending {
    /// What the attempt's log says of processes that were left over; nil where there is nothing to say.
    var leftOverNote: String? {
        leftOver > 0 && verdict == nil
            ? "ended \(leftOver) processes that the benchmark had left behind" : nil
    }
}

extension Circumstances {
    /// Looks again at the machine after a benchmark has ended.
    mutating func lookAgain(after ending: RunningBenchmark.Ending) {
        lookAgain(ownSeconds: ending.cpuSeconds + Descendants.ownUsage().seconds)
        if !ending.isClean {
            disturb("processes of the attempt could not be killed and may go on running")
        }
    }
}
