/// Why what an installation needs of a cluster could not be made or taken away.
package struct ProvisioningError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The manifests are not there, or are not what is understood of kustomize.
        case manifests
        /// Something of this name is there and was made by somebody else.
        case notOurs = "not_ours"
        /// The API server refused.
        case refused
        /// It was not ready, or not gone, in time.
        case timedOut = "timed_out"
        /// Nobody answered, or we may not.
        case cluster
    }

    package var code: Code
    /// What was tried on what, why it failed, and what to do.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
