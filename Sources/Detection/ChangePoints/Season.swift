internal import Glibc

/// What repeats itself every so many runs: the hours of a day, the days of a week.
struct Season {
    /// The deviation from the level at each phase; their mean is 0.
    private let profile: [Double]

    private static let shortest = 4
    private static let longest = 60
    private static let fewestValues = 40
    /// So many periods have to be there.
    private static let fewestPeriods = 4
    /// What is left of the roughness between opposite phases, at most, for a season to be worth taking out.
    private static let mostLeft = 0.85
    /// Of that many periods the profiles are tried.
    private static let tried = 5
    private static let harmonics = 3

    /// nil where no season explains much of the series.
    init?(of y: [Double], _ deviations: [Double]) {
        let longest = min(Season.longest, y.count / Season.fewestPeriods)
        guard y.count >= Season.fewestValues, longest > Season.shortest + 1 else { return nil }
        var best: (profile: [Double], left: Double)?
        for period in Season.candidates(y, deviations, longest: longest) {
            let profile = Season.profile(of: y, period: period)
            let rest = y.indices.map { y[$0] - profile[$0 % period] }
            let half = max(1, period / 2)
            let left = Roughness.of(rest, deviations, lag: half) / Roughness.of(y, deviations, lag: half)
            // A longer period has more freedom to fit what is no season.
            let freedom = 2 * Double(min(2 * Season.harmonics, period - 1)) / Double(y.count)
            if left + freedom < best?.left ?? Season.mostLeft { best = (profile, left + freedom) }
        }
        guard let best else { return nil }
        profile = best.profile
    }

    /// The series without its season.
    func removed(from y: [Double]) -> [Double] {
        y.indices.map { y[$0] - profile[$0 % profile.count] }
    }

    /// The periods after which values are closer to each other than half a period away, the most telling first.
    private static func candidates(_ y: [Double], _ deviations: [Double], longest: Int) -> [Int] {
        let roughness = (1...longest).map { Roughness.of(y, deviations, lag: $0) }
        func at(_ lag: Int) -> Double { roughness[max(2, lag) - 1] }
        let ratios = (shortest...longest).compactMap { period -> (period: Int, ratio: Double)? in
            let before = at(period - period / 2)
            let after = period + period / 2 <= longest ? at(period + period / 2) : before
            let around = (before + after) / 2
            return around > 0 && at(period) < 0.9 * around ? (period, at(period) / around) : nil
        }
        return ratios.sorted { $0.ratio < $1.ratio }.prefix(tried).map(\.period)
    }

    /// The first harmonics of the medians, phase by phase, of the distances from the mean over the period around.
    private static func profile(of y: [Double], period: Int) -> [Double] {
        var sums = [0.0]
        for value in y { sums.append(sums[sums.count - 1] + value) }
        var phases = [[Double]](repeating: [], count: period)
        let half = period / 2
        for index in half...(y.count - period + half) where index < y.count {
            let around = (sums[index - half + period] - sums[index - half]) / Double(period)
            phases[index % period].append(y[index] - around)
        }
        let medians = phases.map { $0.isEmpty ? 0 : Robust.median($0) }
        return smooth(medians)
    }

    private static func smooth(_ values: [Double]) -> [Double] {
        let period = values.count
        var result = [Double](repeating: 0, count: period)
        for harmonic in 1...min(harmonics, (period - 1) / 2) {
            let angles = (0..<period).map { 2 * Double.pi * Double(harmonic * $0) / Double(period) }
            let cosine = zip(values, angles).reduce(0) { $0 + $1.0 * cos($1.1) } * 2 / Double(period)
            let sine = zip(values, angles).reduce(0) { $0 + $1.0 * sin($1.1) } * 2 / Double(period)
            for phase in result.indices {
                result[phase] += cosine * cos(angles[phase]) + sine * sin(angles[phase])
            }
        }
        return result
    }
}
