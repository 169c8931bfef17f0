/// Holds what was seen against what was promised. Pure: whoever looks at processes, files and tables does it before, and hands in the evidence.
package enum Invariants {
    /// Every violation of every invariant, in the order in which the invariants are listed.
    package static func violations(in evidence: Evidence) -> [Violation] {
        let history = LogHistory(evidence.records)
        let found =
            acknowledgements(evidence, history) + endings(evidence, history) + attempts(evidence, history)
            + measurements(evidence, history) + alarms(history) + messages(history)
            + offsets(evidence, history) + remainders(evidence, history)
        let order = Dictionary(
            uniqueKeysWithValues: Invariant.allCases.enumerated().map { ($0.element, $0.offset) })
        return found.sorted {
            (order[$0.invariant] ?? 0, $0.subject, $0.message) < (
                order[$1.invariant] ?? 0, $1.subject, $1.message
            )
        }
    }
}
