package import Events

/// Why a descriptor cannot run on this installation's cluster: every reason at once.
package struct RenderFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// At least one.
    package var problems: [RenderProblem]

    /// The reason of the run's final status.
    package var reason: Reason { .unsupported }
    package var description: String { problems.map(\.description).joined(separator: "; ") }
}

/// One thing about a descriptor that Kubernetes or the installation refuses.
package struct RenderProblem: Equatable, Sendable, CustomStringConvertible {
    /// The descriptor's key: `data.sources[0].path`.
    package var key: String
    /// What is wrong and what to do, without the full stop.
    package var message: String

    package var description: String { "\(key): \(message)" }

    init(_ key: String, _ message: String) {
        self.key = key
        self.message = message
    }
}
