/// Where things are in an attempt's pods. `bai-agent` and the renderer agree by this alone.
package enum PodPath {
    /// The folder that the containers of a pod share.
    package static let root = "/bai"
    /// What `bai-agent pull` copies there of itself: the program, its dynamic loader and its libraries.
    package static let agent = "/bai/agent"
    package static let loader = "/bai/agent/ld.so"
    package static let libraries = "/bai/agent/lib"
    package static let program = "/bai/agent/bai-agent"
    /// `PodOrder` as JSON.
    package static let order = "/bai/order/order.json"
    /// The group's hosts in Open MPI's form, `HOST slots=N`.
    package static let hostfile = "/bai/order/hostfile"
    /// The run's token; only the agent's containers see it.
    package static let token = "/bai/token/token"
    /// The team's own files; what the command runs in where there are any.
    package static let scripts = "/bai/scripts"
    /// What the client library appends to.
    package static let metrics = "/bai/metrics.jsonl"
    /// A home for users that the image does not know.
    package static let home = "/bai/home"
    /// Where Benchmark AI's client library expects its FIFO, and nothing else is.
    package static let fifoFolder = "/tmp/benchmark-ai"
    package static let fifo = "/tmp/benchmark-ai/fifo"
    package static let sharedMemory = "/dev/shm"

    /// What of the shared folder is seen at `fifoFolder`.
    package static let fifoPart = "fifo"

    /// What of the shared folder is the `index`-th content.
    package static func part(content index: Int) -> String { "data/\(index)" }

    /// `path` from the root, without what is superfluous in it.
    package static func absolute(_ path: String) -> String {
        "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// Whether `path` is the root, or something of the system's or ours, or below that.
    package static func isTaken(_ path: String) -> Bool {
        path == "/"
            || [root, fifoFolder, "/dev", "/proc", "/sys"].contains {
                path == $0 || path.hasPrefix($0 + "/")
            }
    }
}
