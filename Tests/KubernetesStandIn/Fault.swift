package import HTTPMessages

/// Something that goes wrong on purpose.
package struct Fault: Sendable {
    /// What goes wrong.
    package enum Action: Sendable {
        /// A refusal instead of an answer, nothing done.
        case refuse(status: Int, retryAfter: Int?)
        /// Nothing is done, and no answer ever comes.
        case hang
        /// Nothing is done, and the connection breaks.
        case breakOff
        /// It is done, and the connection breaks before the answer is there.
        case loseAnswer
        /// It is done, later.
        case delay(Duration)
        /// A page of something between client and server.
        case page(status: Int, String)
    }

    package var action: Action
    package var method: HTTPMethod?
    /// A part of the path that the request must have.
    package var path: String
    /// How many requests it hits.
    package var times: Int

    package init(_ action: Action, method: HTTPMethod? = nil, path: String = "", times: Int = 1) {
        self.action = action
        self.method = method
        self.path = path
        self.times = times
    }
}
