/// Why a server does not start, or cannot send.
package struct HTTPServerError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The address cannot be listened on: its path, its host or the rights to it.
        case cannotListen = "cannot_listen"
        /// Somebody else serves there.
        case addressInUse = "address_in_use"
        /// The peer hung up, or the server is stopping.
        case peerClosed = "peer_closed"
        /// The task that writes was cancelled.
        case canceled
    }

    package var code: Code
    /// What was tried, on which address, and what to do.
    package var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
