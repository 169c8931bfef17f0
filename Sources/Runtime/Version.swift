/// What this program is.
package enum Version {
    /// Semantic version of all programs of the project: they are released together.
    package static let current = "0.1.0"
    package static let product = "Benchmark AI"
}
