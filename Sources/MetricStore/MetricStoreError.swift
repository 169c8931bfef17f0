internal import Runtime

/// Why the store could not do what it was asked.
package struct MetricStoreError: Retryable, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The store cannot be reached or is busy for too long; later it may answer.
        case unavailable
        /// No space is left; reads still work.
        case full
        /// What is stored is damaged, or this is no store at all.
        case corrupt
        /// Written by a newer version of this program.
        case unsupportedVersion = "unsupported_version"
        /// The store refused: our own mistake.
        case refused
        case closed
    }

    package var code: Code
    /// What was tried, on what, and what to do.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same call may succeed later.
    package var isTransient: Bool { code == .unavailable || code == .full }

    package var description: String { message }
}
