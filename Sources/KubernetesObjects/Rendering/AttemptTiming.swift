internal import Descriptors
internal import Runtime

/// How long Kubernetes lets an attempt's objects go on when nobody of ours is there to end them. The deadlines that users are told of are earlier, and kept by the
/// agent and the watcher, who say which one it was.
struct AttemptTiming {
    private let run: Descriptor.Measurement

    init(_ run: Descriptor.Measurement) { self.run = run }

    /// Between SIGTERM and SIGKILL: the benchmark's own grace, which the agent keeps, and then what the sidecar needs to deliver.
    var grace: Int { seconds(run.gracePeriod) + seconds(run.collectTimeout) }

    /// Of a pod, from when it has a node.
    var podDeadline: Int { seconds(run.readyTimeout) + seconds(run.timeout) + grace }

    /// Of a Job: its pods may wait for a node first.
    var jobDeadline: Int { seconds(run.queueTimeout) + podDeadline }

    /// Whole seconds, at least one: zero means at once.
    private func seconds(_ span: TimeSpan) -> Int { max(1, Int(span.duration.inSeconds.rounded(.up))) }
}
