package import Runtime

/// What one line of a benchmark's client library says.
package enum Emission: Equatable, Sendable {
    /// Numbers that were measured, in the order of the line.
    case metrics(Measured)
    /// How far the benchmark is.
    case progress(Progress)
    /// How many measurements the library had to drop.
    case dropped(Int64)

    /// The measurements of one call of `emit`.
    package struct Measured: Equatable, Sendable {
        package var values: [Value]
        package var step: Int64?
        /// When it was measured; nil where the line does not say.
        package var time: Timestamp?
        package var labels: [String: String]
        /// Members that are no numbers, each with why.
        package var refused: [String]

        package init(
            values: [Value], step: Int64? = nil, time: Timestamp? = nil, labels: [String: String] = [:],
            refused: [String] = []
        ) {
            self.values = values
            self.step = step
            self.time = time
            self.labels = labels
            self.refused = refused
        }
    }

    /// One number.
    package struct Value: Equatable, Sendable {
        package var name: String
        package var value: Double
        package var unit: String?

        package init(_ name: String, _ value: Double, unit: String? = nil) {
            self.name = name
            self.value = value
            self.unit = unit
        }
    }

    /// A benchmark's own word on how far it is.
    package struct Progress: Equatable, Sendable {
        package var done: Double
        package var total: Double?
        package var message: String?

        package init(done: Double, total: Double? = nil, message: String? = nil) {
            self.done = done
            self.total = total
            self.message = message
        }
    }
}
