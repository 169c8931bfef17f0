internal import Events
internal import JobRunner
internal import Kubernetes
internal import KubernetesObjects

extension JobRunnerError {
    /// What a cluster's refusal means for an attempt.
    ///
    /// - Parameter what: what could not be done: `start attempt r/1`.
    init(_ what: String, _ error: KubernetesError) {
        let (reason, waits) = JobRunnerError.meaning(of: error)
        self.init(
            reason, "cannot \(what): \(error.message)", isTransient: waits || error.code == .canceled,
            waits: waits)
    }

    private static func meaning(of error: KubernetesError) -> (Reason, waits: Bool) {
        switch error.code {
        case .invalid, .badRequest, .tooLarge: (.invalid, false)
        case .forbidden where error.isQuota: (.quotaExceeded, true)
        case .forbidden, .unauthorized: (.accessDenied, false)
        case .tooManyRequests, .serverFault, .unreachable, .timedOut: (.clusterUnavailable, true)
        case .alreadyExists: (.alreadyExists, false)
        case .configuration, .notFound, .conflict, .gone, .tls, .invalidResponse, .canceled:
            (.startFailed, false)
        }
    }

    /// What is wrong with a descriptor for this installation's cluster: everything at once.
    init(_ failure: RenderFailure) {
        self.init(failure.reason, "it cannot run on this installation's cluster: \(failure)")
    }
}

extension KubernetesError {
    /// The namespace has as many objects as it may; that changes when others end.
    fileprivate var isQuota: Bool { message.contains("exceeded quota") }
}
