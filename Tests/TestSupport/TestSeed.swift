internal import FoundationEssentials

/// What tests that try many inputs draw them from.
package enum TestSeed {
    /// The same every time, so that a change that is tested is to blame for what fails; `BAI_SEED=n` tries others.
    package static let value =
        ProcessInfo.processInfo.environment["BAI_SEED"].flatMap { UInt64($0) } ?? 1
}
