internal import Descriptors
internal import Events
internal import Glibc
package import PodContract
internal import JSON
internal import Runtime

/// Where things are in the folder that the containers of a pod share, and what else the agent finds in a container.
///
/// | path | what | written by |
/// |---|---|---|
/// | `order/order.json`, `token/token` | what the agent is told | the executor |
/// | `agent/` | the program itself, for images that have not got it | `pull` |
/// | `data/`, `scripts/` | contents | `pull` |
/// | `fifo/fifo`, `metrics.jsonl`, `home/` | for the benchmark | made by `pull` |
/// | `streams/` | what the benchmark prints, by process | `wrap` |
/// | `records/` | what is on its way to the installation | `collect` |
package struct PodFolders: Hashable, Sendable {
    package let root: String
    /// Where Kubernetes looks for a container's last words.
    package let terminationLog: String

    package init(root: String = PodPath.root, terminationLog: String = "/dev/termination-log") {
        self.root = root
        self.terminationLog = terminationLog
    }

    /// What is at `path` in a pod.
    private func inRoot(_ path: String) -> String { root + path.dropFirst(PodPath.root.count) }

    package var agent: String { inRoot(PodPath.agent) }
    package var loader: String { inRoot(PodPath.loader) }
    package var libraries: String { inRoot(PodPath.libraries) }
    package var program: String { inRoot(PodPath.program) }
    package var order: String { inRoot(PodPath.order) }
    package var token: String { inRoot(PodPath.token) }
    package var scripts: String { inRoot(PodPath.scripts) }
    package var home: String { inRoot(PodPath.home) }
    /// The same pipe as `PodPath.fifo`.
    package var fifo: String { "\(root)/\(PodPath.fifoPart)/fifo" }

    /// The file of measurements of one of the pod's processes; the first one's is where a single process finds its own.
    package func metrics(ofProcess number: Int) -> String {
        number == 0 ? inRoot(PodPath.metrics) : "\(root)/metrics.\(number).jsonl"
    }

    /// Where what a process prints is passed on.
    package var streams: String { "\(root)/streams" }
    package func stream(ofProcess number: Int) -> String { "\(streams)/\(number)" }
    /// There when `wrap` has begun: a `WrapRecord`.
    package var begun: String { "\(streams)/begun.json" }
    /// Held by `wrap` for its life.
    package var lock: String { "\(streams)/lock" }
    /// There when nothing more comes of the benchmark.
    package var ended: String { "\(streams)/ended" }

    package var records: String { "\(root)/records" }
    /// What the sidecar has counted when all was read: a `CollectedCounts`.
    package var counts: String { "\(records)/counts.json" }
}

extension PodFolders {
    /// Reads what the agent is told.
    package func readOrder() throws(Refusal) -> PodOrder {
        guard let bytes = SystemFile.bytes(order) else {
            throw Refusal(
                .startFailed, "\(order) cannot be read: \(String(cString: strerror(errno)))",
                failure: .infrastructure)
        }
        do throws(JSONError) {
            let order = try JSONCoding.decode(PodOrder.self, from: bytes)
            guard order.version <= PodOrder.newest else {
                throw JSONError(
                    path: "version", message: "is \(order.version): the agent's image is older than that")
            }
            return order
        } catch {
            throw Refusal(
                .startFailed, "\(self.order) is no order that agent \(Version.current) understands: \(error)",
                failure: .infrastructure)
        }
    }
}

/// What `wrap` tells the sidecar when it begins: `begun.json`.
struct WrapRecord: Codable, Equatable {
    var started: Timestamp
    /// Of the benchmark's variables, those that say where it reports to.
    var reporting: [String: String]
}

/// What the sidecar tells `wrap` when it has read everything: `counts.json`.
struct CollectedCounts: Codable, Equatable {
    /// Of all processes of the pod.
    var counts: Collector.Counts
    /// Why not everything will arrive; nil while nothing is known of that.
    var failure: String?
}
