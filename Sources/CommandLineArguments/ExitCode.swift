/// How a program ends: the one table, also what `baictl help exit-codes` prints.
package enum ExitCode: Int32, Sendable, CaseIterable {
    case ok = 0
    case runFailed = 1
    case usage = 2
    case alarmFired = 3
    case measurementInvalid = 4
    case notFound = 5
    case conflict = 6
    case notAllowed = 7
    case timedOut = 8
    case unreachable = 9
    case damaged = 10
    /// A mistake of ours: the value that sysexits.h has for it.
    case internalError = 70
    case interrupted = 130

    package var meaning: String {
        switch self {
        case .ok: "everything asked for was done"
        case .runFailed: "the run failed"
        case .usage: "the command line or a descriptor is not valid"
        case .alarmFired: "an alarm fired"
        case .measurementInvalid: "the measurement is not valid"
        case .notFound: "there is no such thing"
        case .conflict: "it conflicts with what is there"
        case .notAllowed: "it is not allowed"
        case .timedOut: "it took longer than was allowed"
        case .unreachable: "a service cannot be reached"
        case .damaged: "what is stored is damaged"
        case .internalError: "a mistake in this program"
        case .interrupted: "interrupted from the keyboard"
        }
    }
}
