package import Descriptors
package import Events
package import Runtime

/// What the agent's containers in a pod are told: the file `PodPath.order`. It holds no secret.
package struct PodOrder: Codable, Equatable, Sendable {
    /// Grows when the meaning of a field changes; an agent refuses what is later than itself.
    package var version = PodOrder.newest
    package var runID: String
    package var attempt: Attempt
    package var role: PodRole
    /// Who submitted the run; with `parentID` what the agent's own events say of where they come from.
    package var client: Client
    package var parentID: String?
    package var contents: [Content]
    /// Where contents are fetched from; nil where there are none, or nobody said.
    package var objects: String?
    package var delivery: Delivery
    /// Where records are delivered; nil where they are printed.
    package var server: String?
    /// What is read from lines of output.
    package var metrics: [Descriptor.Metric]
    /// Whether the command runs under `bai-agent wrap`. Else its output is in its container's log alone.
    package var isWrapped: Bool
    /// Processes that `wrap` starts at once, each with its own `RANK` and `LOCAL_RANK`.
    package var processes: Int
    package var timeout: TimeSpan
    package var silenceTimeout: TimeSpan?
    package var gracePeriod: TimeSpan
    /// How long the sidecar goes on delivering after the benchmark has ended.
    package var collectTimeout: TimeSpan
    package var limits: Descriptor.Limits
    package var logLimit: ByteSize
    package var barrier: Barrier?
    package var awaited: Awaited?
    /// Whether numbers count although others kept the machine busy; nil: they do not.
    package var ignoresNeighbours: Bool?

    package init(
        runID: String, attempt: Attempt, role: PodRole, client: Client, parentID: String?,
        contents: [Content], objects: String?, delivery: Delivery, server: String?,
        metrics: [Descriptor.Metric], isWrapped: Bool, processes: Int, timeout: TimeSpan,
        silenceTimeout: TimeSpan?, gracePeriod: TimeSpan, collectTimeout: TimeSpan,
        limits: Descriptor.Limits, logLimit: ByteSize, barrier: Barrier?, awaited: Awaited?
    ) {
        self.runID = runID
        self.attempt = attempt
        self.role = role
        self.client = client
        self.parentID = parentID
        self.contents = contents
        self.objects = objects
        self.delivery = delivery
        self.server = server
        self.metrics = metrics
        self.isWrapped = isWrapped
        self.processes = processes
        self.timeout = timeout
        self.silenceTimeout = silenceTimeout
        self.gracePeriod = gracePeriod
        self.collectTimeout = collectTimeout
        self.limits = limits
        self.logLimit = logLimit
        self.barrier = barrier
        self.awaited = awaited
    }

    /// Who submitted a run.
    package struct Client: Codable, Equatable, Sendable {
        package var id: String
        package var version: String
        package var username: String

        package init(id: String, version: String, username: String) {
            self.id = id
            self.version = version
            self.username = username
        }
    }

    /// How what pods measure and print comes to the installation.
    package enum Delivery: String, CaseIterable, Sendable, Codable {
        /// Pods send it to the API.
        case api
        /// Pods print it, and the watcher reads it through the API server.
        case log
    }

    /// The number of the pod's first stream of records, by the number of its machine, from 0. Each process that the agent starts has a stream of its own; an
    /// attempt's streams have the numbers from 0 up to `Descriptor.streamCount`. MPI's launcher comes before the workers, a client before its server.
    package func firstRank(node: Int) -> Int {
        switch role {
        case .single, .launcher, .client: 0
        case .rank: node * processes
        case .worker: 1 + node
        case .server: 1
        }
    }

    /// A content, and where in the shared folder it is put.
    package struct Content: Codable, Equatable, Sendable {
        package var sha256: String
        package var kind: FetchedContent.Kind
        /// In bytes.
        package var size: Int64
        /// Relative to `PodPath.root`.
        package var place: String

        package init(sha256: String, kind: FetchedContent.Kind, size: Int64, place: String) {
            self.sha256 = sha256
            self.kind = kind
            self.size = size
            self.place = place
        }
    }

    /// Where the pods of a group wait for each other. The first one counts; the others connect to it.
    package struct Barrier: Codable, Equatable, Sendable {
        package var members: Int
        /// The first pod's name in the cluster's DNS.
        package var leader: String
        package var port: Int
        /// After this the pod gives up, and with it the group.
        package var timeout: TimeSpan

        package init(members: Int, leader: String, port: Int = usualPort, timeout: TimeSpan) {
            self.members = members
            self.leader = leader
            self.port = port
            self.timeout = timeout
        }

        package static let usualPort = 7411
    }

    /// The server that a client waits for.
    package struct Awaited: Codable, Equatable, Sendable {
        package var host: String
        package var port: Int
        /// The request that has to be answered with success; nil: a connection is enough.
        package var path: String?
        package var scheme: String?
        package var timeout: TimeSpan

        package init(host: String, port: Int, path: String?, scheme: String?, timeout: TimeSpan) {
            self.host = host
            self.port = port
            self.path = path
            self.scheme = scheme
            self.timeout = timeout
        }
    }

    /// The latest version that this program knows.
    package static let newest = 1

    private enum CodingKeys: String, CodingKey {
        case version, attempt, role, client, contents, objects, delivery, server, metrics, processes, timeout
        case limits, barrier, awaited
        case runID = "run_id"
        case parentID = "parent_id"
        case isWrapped = "is_wrapped"
        case ignoresNeighbours = "ignores_neighbours"
        case silenceTimeout = "silence_timeout"
        case gracePeriod = "grace_period"
        case collectTimeout = "collect_timeout"
        case logLimit = "log_limit"
    }
}
