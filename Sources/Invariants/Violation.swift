/// What has to be true of an installation whatever was killed, paused, started twice or taken down on the way.
package enum Invariant: String, Sendable, CaseIterable {
    case acknowledgedOnce = "acknowledged-once"
    case everyRunEnds = "every-run-ends"
    case finalStatusStands = "final-status-stands"
    case endsAsExpected = "ends-as-expected"
    case attemptsAsPlanned = "attempts-as-planned"
    case startedOnce = "started-once"
    case slotsRespected = "slots-respected"
    case measuredOnce = "measured-once"
    case resultsFollow = "results-follow"
    case alarmsOnce = "alarms-once"
    case messagesOnce = "messages-once"
    case readableOrBuried = "readable-or-buried"
    case offsetsForward = "offsets-forward"
    case nothingInHand = "nothing-in-hand"
    case nothingLeftOver = "nothing-left-over"

    /// The promise as a sentence.
    package var promise: String {
        switch self {
        case .acknowledgedOnce:
            "every id that was given to a user is on the log once, and one key makes one request's runs"
        case .everyRunEnds: "every run reaches a final status"
        case .finalStatusStands:
            "a final status that was told never changes, and is the first in the log's order"
        case .endsAsExpected:
            "a run ends as its benchmark does, unless it was canceled or the machine failed it"
        case .attemptsAsPlanned:
            "warm-ups, repeats and retries are those that the plan asks for, none too many"
        case .startedOnce: "no attempt's program is started twice"
        case .slotsRespected: "no more benchmarks run at a time than there are slots"
        case .measuredOnce:
            "what accepted attempts measured and printed is stored once, numbered without gaps"
        case .resultsFollow:
            "there is one result of each metric, and its samples are the medians of what was stored"
        case .alarmsOnce: "each crossing of a threshold raises one alarm, and each recovery resolves it"
        case .messagesOnce: "no message that is made once is on the log twice"
        case .readableOrBuried: "records that cannot be read, and no others, have become dead letters"
        case .offsetsForward: "committed offsets never go backwards, nor beyond the log's end"
        case .nothingInHand: "no service has anything in hand for a run that has ended"
        case .nothingLeftOver: "no process, lock, lease or half-done file is left over"
        }
    }
}

/// One case in which an invariant does not hold.
package struct Violation: Equatable, Sendable, CustomStringConvertible {
    package var invariant: Invariant
    /// What it is about: a run, an attempt, a partition, a path.
    package var subject: String
    /// What was found, and what should have been.
    package var message: String

    package init(_ invariant: Invariant, _ subject: String, _ message: String) {
        self.invariant = invariant
        self.subject = subject
        self.message = message
    }

    package var description: String { "\(invariant.rawValue): \(subject): \(message)" }
}
