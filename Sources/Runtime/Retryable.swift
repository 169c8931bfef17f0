/// An error that knows whether trying again can help.
package protocol Retryable: Error {
    /// Whether the same call may succeed later, with nothing changed on this side.
    var isTransient: Bool { get }
}
