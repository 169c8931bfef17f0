extension Reason {
    // What a cluster refuses. Words of Kubernetes' own where it has them.
    /// The cluster refuses an object for what is in it.
    package static let invalid = Reason("Invalid")
    package static let quotaExceeded = Reason("QuotaExceeded")
    package static let clusterUnavailable = Reason("ClusterUnavailable")
    /// Another object has the name.
    package static let alreadyExists = Reason("AlreadyExists")

    // Why an attempt does not run yet.
    package static let unschedulable = Reason("Unschedulable")
    /// A queueing controller holds it back.
    package static let suspended = Reason("Suspended")
    /// Its pods cannot be made.
    package static let failedCreate = Reason("FailedCreate")
    package static let imagePullBackOff = Reason("ImagePullBackOff")
    package static let imagePullFailed = Reason("ErrImagePull")
    package static let imageNeverPulled = Reason("ErrImageNeverPull")
    package static let invalidImageName = Reason("InvalidImageName")
    package static let containerConfigError = Reason("CreateContainerConfigError")

    // How it ended.
    package static let evicted = Reason("Evicted")
    package static let preempted = Reason("Preempted")
    package static let nodeLost = Reason("NodeLost")
    package static let deadlineExceeded = Reason("DeadlineExceeded")
    /// Somebody deleted its objects.
    package static let deleted = Reason("Deleted")
    /// An init container did not do its part.
    package static let initFailed = Reason("InitContainerFailed")
    /// An inference benchmark's server ended before its client.
    package static let serverEnded = Reason("ServerEnded")

    /// Whether an attempt with this reason waits for room, rather than for something that goes wrong.
    package var isQueueing: Bool { [.unschedulable, .suspended, .quotaExceeded].contains(self) }
}
