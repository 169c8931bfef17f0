package import Runtime

extension Descriptor {
    /// `[run]`: how it is measured, and how long each part of a run may take.
    package struct Measurement: Codable, Equatable, Sendable {
        /// Independent samples; each is an attempt of its own.
        package var repeats: Int
        /// Attempts before them whose samples are discarded.
        package var warmup: Int
        /// How long one attempt may run.
        package var timeout: TimeSpan
        package var queueTimeout: TimeSpan
        package var fetchTimeout: TimeSpan
        /// How long an attempt may take from its start until it runs: image pull, server readiness.
        package var readyTimeout: TimeSpan
        package var collectTimeout: TimeSpan
        /// How long the run may take from submission to its final status.
        package var totalTimeout: TimeSpan
        /// How long an attempt may go without output; nil: as long as it likes.
        package var silenceTimeout: TimeSpan?
        /// Between SIGTERM and SIGKILL.
        package var gracePeriod: TimeSpan
        /// How often a failed attempt is done again.
        package var retries: Int
        /// Which failures are.
        package var retryOn: [FailureClass]
        /// Whether the repeats of a sweep's runs take turns.
        package var interleave: Bool
        package var limits: Limits

        package init(
            repeats: Int = 1, warmup: Int = 0, timeout: TimeSpan = .hours(6),
            queueTimeout: TimeSpan = .hours(24),
            fetchTimeout: TimeSpan = .hours(1), readyTimeout: TimeSpan = .minutes(10),
            collectTimeout: TimeSpan = .minutes(10), totalTimeout: TimeSpan = .days(7),
            silenceTimeout: TimeSpan? = nil, gracePeriod: TimeSpan = .seconds(10), retries: Int = 2,
            retryOn: [FailureClass] = [.infrastructure], interleave: Bool = false, limits: Limits = Limits()
        ) {
            self.repeats = repeats
            self.warmup = warmup
            self.timeout = timeout
            self.queueTimeout = queueTimeout
            self.fetchTimeout = fetchTimeout
            self.readyTimeout = readyTimeout
            self.collectTimeout = collectTimeout
            self.totalTimeout = totalTimeout
            self.silenceTimeout = silenceTimeout
            self.gracePeriod = gracePeriod
            self.retries = retries
            self.retryOn = retryOn
            self.interleave = interleave
            self.limits = limits
        }

        package enum CodingKeys: String, CodingKey {
            case repeats, warmup, timeout, retries, interleave, limits
            case queueTimeout = "queue_timeout"
            case fetchTimeout = "fetch_timeout"
            case readyTimeout = "ready_timeout"
            case collectTimeout = "collect_timeout"
            case totalTimeout = "total_timeout"
            case silenceTimeout = "silence_timeout"
            case gracePeriod = "grace_period"
            case retryOn = "retry_on"
        }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            let defaults = Measurement()
            repeats = try keys.value(.repeats, or: defaults.repeats)
            warmup = try keys.value(.warmup, or: defaults.warmup)
            timeout = try keys.value(.timeout, or: defaults.timeout)
            queueTimeout = try keys.value(.queueTimeout, or: defaults.queueTimeout)
            fetchTimeout = try keys.value(.fetchTimeout, or: defaults.fetchTimeout)
            readyTimeout = try keys.value(.readyTimeout, or: defaults.readyTimeout)
            collectTimeout = try keys.value(.collectTimeout, or: defaults.collectTimeout)
            totalTimeout = try keys.value(.totalTimeout, or: defaults.totalTimeout)
            silenceTimeout = try keys.decodeIfPresent(TimeSpan.self, forKey: .silenceTimeout)
            gracePeriod = try keys.value(.gracePeriod, or: defaults.gracePeriod)
            retries = try keys.value(.retries, or: defaults.retries)
            retryOn = try keys.value(.retryOn, or: defaults.retryOn)
            interleave = try keys.value(.interleave, or: defaults.interleave)
            limits = try keys.value(.limits, or: defaults.limits)
        }
    }

    /// Whose fault a failed attempt is.
    package enum FailureClass: String, Codable, Equatable, Sendable, CaseIterable {
        /// The machine, the network, the cluster.
        case infrastructure
        /// The benchmark itself: exit code, memory, time.
        case benchmark
    }

    /// `[run.limits]`: what an attempt may use; nil: whatever the machine gives.
    package struct Limits: Codable, Equatable, Sendable {
        package var memory: ByteSize?
        /// Of all its threads together.
        package var cpuTime: TimeSpan?
        package var openFiles: Int?
        /// Of the largest file that it writes.
        package var fileSize: ByteSize?
        package var processes: Int?

        package init(
            memory: ByteSize? = nil, cpuTime: TimeSpan? = nil, openFiles: Int? = nil,
            fileSize: ByteSize? = nil,
            processes: Int? = nil
        ) {
            self.memory = memory
            self.cpuTime = cpuTime
            self.openFiles = openFiles
            self.fileSize = fileSize
            self.processes = processes
        }

        package enum CodingKeys: String, CodingKey {
            case memory, processes
            case cpuTime = "cpu_time"
            case openFiles = "open_files"
            case fileSize = "file_size"
        }
    }

    /// `[schedule]`: when it runs by itself.
    package struct Schedule: Codable, Equatable, Sendable {
        package var cron: String
        package var timezone: String
        package var overlap: Overlap
        /// How late a run that was missed is still made up for.
        package var catchUp: TimeSpan

        package init(
            cron: String, timezone: String = "UTC", overlap: Overlap = .skip, catchUp: TimeSpan = .hours(1)
        ) {
            self.cron = cron
            self.timezone = timezone
            self.overlap = overlap
            self.catchUp = catchUp
        }

        package enum CodingKeys: String, CodingKey {
            case cron, timezone, overlap
            case catchUp = "catch_up"
        }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            cron = try keys.decode(String.self, forKey: .cron)
            timezone = try keys.value(.timezone, or: "UTC")
            overlap = try keys.value(.overlap, or: .skip)
            catchUp = try keys.value(.catchUp, or: .hours(1))
        }
    }

    /// What happens when a run is due while the one before it is not done.
    package enum Overlap: String, Codable, Equatable, Sendable, CaseIterable {
        case skip, queue, allow
        case cancelPrevious = "cancel-previous"
    }
}
