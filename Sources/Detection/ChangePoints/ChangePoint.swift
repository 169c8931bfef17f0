/// A run from which on a series has another level.
package struct ChangePoint: Equatable, Sendable {
    /// The first run of the new level, counted from 0 in the values that were given, missing ones included.
    package var index: Int
    /// The level of the stretch before, back to the change before it: a robust mean, in the values' unit.
    package var before: Double
    /// The level of the stretch that begins here.
    package var after: Double
    /// How many standard errors the levels lie apart, the way the noise is taken into account.
    package var strength: Double

    /// The new level as a multiple of the old one; nil where the old one is 0.
    package var ratio: Double? { before == 0 ? nil : after / before }
}
