package import Events
internal import Runtime

/// A way to tell a team about an alarm. What can be retried is the caller's to retry: a channel tries once.
package protocol NotificationChannel: Sendable {
    /// Tells it. Returns once the other side has taken it.
    ///
    /// The same notice may come twice, with the same id: after a crash nobody knows whether the first came through.
    func deliver(_ notice: AlarmNotice) async throws(NotificationError)
}

/// What a channel tells: an alarm as it was when it changed.
package struct AlarmNotice: Equatable, Sendable {
    /// The same for every try, so that a receiver can tell a repetition.
    package var id: String
    package var alarm: Alarm

    package init(id: String, alarm: Alarm) {
        self.id = id
        self.alarm = alarm
    }
}

/// Why a notice was not taken. Its message names the channel, and never its address or its secret.
package struct NotificationError: Retryable, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// No channel of this name or kind is known.
        case unknownChannel = "unknown_channel"
        /// The settings of the channel are incomplete: somebody has to mend them, and then it may work.
        case misconfigured
        /// The other side does not want it, now or later.
        case refused
        /// The other side cannot be reached, or cannot take it now.
        case unavailable
        /// The task was cancelled.
        case canceled
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same notice may be taken later.
    package var isTransient: Bool {
        switch code {
        case .misconfigured, .unavailable, .canceled: true
        case .unknownChannel, .refused: false
        }
    }

    package var description: String { message }
}
