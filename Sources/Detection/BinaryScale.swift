internal import Glibc

/// A unit, a power of two, in which values are at most about 1 in size: no sum of their squares overflows or vanishes, and nothing is rounded by the
/// change of unit itself.
struct BinaryScale: Equatable, Sendable {
    private let exponent: Int32

    /// The unit for `values`, all of them finite.
    init(_ values: some Sequence<Double>) {
        let largest = values.reduce(0) { max($0, abs($1)) }
        exponent = largest == 0 ? 0 : Int32(largest.exponent)
    }

    /// In this unit.
    func scaled(_ value: Double) -> Double { scalbn(value, -exponent) }

    /// Back in the values' own unit; what would be too large for a number is the largest one.
    func restored(_ value: Double) -> Double {
        let restored = scalbn(value, exponent)
        guard restored.isInfinite, value.isFinite else { return restored }
        return value < 0 ? -.greatestFiniteMagnitude : .greatestFiniteMagnitude
    }
}
