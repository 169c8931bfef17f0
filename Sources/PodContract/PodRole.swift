/// Which part a pod has in its attempt.
package enum PodRole: String, Codable, CaseIterable, Sendable {
    /// All there is.
    case single
    /// One of several that work together.
    case rank
    /// Starts the ranks of an MPI benchmark.
    case launcher
    /// Runs ranks that the launcher starts.
    case worker
    /// Measures a server.
    case client
    /// Is measured.
    case server

    /// The container whose exit and output are the pod's.
    package var container: String { self == .server ? "inference-server" : "benchmark" }
}
