/// Why a pattern could not be compiled, or gave up on a line.
package struct PatternError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The pattern is no regular expression.
        case invalid
        /// Matching took more steps, memory or time than a line may take: the pattern backtracks too much.
        case tooCostly = "too_costly"
        /// The line is longer than a pattern is tried on.
        case lineTooLong = "line_too_long"
    }

    package var code: Code
    /// What is wrong, in pcre2's words where they are its.
    package var message: String
    /// How many bytes of the pattern come before the mistake; nil when it is not at one place.
    package var offset: Int?

    package var description: String {
        offset.map { "\(message), at byte \($0) of the pattern" } ?? message
    }
}
