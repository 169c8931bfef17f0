/// Where a run is in its life.
package enum RunStatus: String, Codable, Sendable, CaseIterable {
    case submitted = "SUBMITTED"
    case fetching = "FETCHING"
    case fetched = "FETCHED"
    case queued = "QUEUED"
    case starting = "STARTING"
    case running = "RUNNING"
    case collecting = "COLLECTING"
    case succeeded = "SUCCEEDED"
    case failed = "FAILED"
    case canceled = "CANCELED"
    case timedOut = "TIMED_OUT"
    case error = "ERROR"

    /// Whether nothing can follow.
    package var isFinal: Bool {
        switch self {
        case .succeeded, .failed, .canceled, .timedOut, .error: true
        case .submitted, .fetching, .fetched, .queued, .starting, .running, .collecting: false
        }
    }

    /// The place in the order of a run's life; all final statuses share the last.
    package var order: Int {
        switch self {
        case .submitted: 0
        case .fetching: 1
        case .fetched: 2
        case .queued: 3
        case .starting: 4
        case .running: 5
        case .collecting: 6
        case .succeeded, .failed, .canceled, .timedOut, .error: 7
        }
    }
}

/// Why a run is where it is: a stable code. Codes that Kubernetes has a word for use that word.
package struct Reason: RawRepresentable, Hashable, Sendable, Codable {
    package var rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ code: String) { rawValue = code }

    package init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension Reason {
    // Fetching.
    package static let notFound = Reason("NotFound")
    package static let digestMismatch = Reason("DigestMismatch")
    package static let accessDenied = Reason("AccessDenied")
    package static let tooLarge = Reason("TooLarge")
    package static let unsafePath = Reason("UnsafePath")
    package static let badArchive = Reason("BadArchive")
    package static let unsupportedSource = Reason("UnsupportedSource")
    package static let downloadFailed = Reason("DownloadFailed")
    /// A secret of the installation that the descriptor names is not there.
    package static let secretUnavailable = Reason("SecretUnavailable")
    package static let fetchTimeout = Reason("FetchTimeout")
    // Waiting and starting.
    package static let waitingForSlot = Reason("WaitingForSlot")
    package static let queueTimeout = Reason("QueueTimeout")
    package static let noCommand = Reason("NoCommand")
    package static let commandNotFound = Reason("CommandNotFound")
    package static let startFailed = Reason("StartFailed")
    package static let readyTimeout = Reason("ReadyTimeout")
    package static let unsupported = Reason("Unsupported")
    // Running.
    package static let completed = Reason("Completed")
    package static let exitCode = Reason("ExitCode")
    package static let signaled = Reason("Signaled")
    package static let outOfMemory = Reason("OOMKilled")
    package static let runTimeout = Reason("RunTimeout")
    package static let silenceTimeout = Reason("SilenceTimeout")
    package static let totalTimeout = Reason("TotalTimeout")
    package static let canceledByUser = Reason("CanceledByUser")
    /// The services of its machine were taken down while it ran.
    package static let interrupted = Reason("Interrupted")
    package static let vanished = Reason("Vanished")
    // Collecting.
    package static let collectTimeout = Reason("CollectTimeout")
    package static let metricsLost = Reason("MetricsLost")
    // Ours.
    package static let internalError = Reason("InternalError")
    package static let badRecord = Reason("BadRecord")
}
