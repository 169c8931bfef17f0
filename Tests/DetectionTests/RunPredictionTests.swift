import Testing

@testable import Detection

@Suite struct RunPredictionTests {
    private static let shapes = [Noise.Shape.normal, .longTailed, .oneSided, .twoModes]

    private func history(_ shape: Noise.Shape = .normal, count: Int = 60, seed: UInt64 = 1) -> [Double] {
        var noise = Noise(seed: seed)
        return (0..<count).map { _ in 100 + noise.value(shape) }
    }

    // MARK: - the promise

    /// Histories of 20, 40 and 100 runs, and a thousand further runs for each. Normal noise is far below its rate, a long tail the closest to it.
    @Test(arguments: shapes) func runsOfAQuietSeriesAreAnomaliesAsRarelyAsStated(_ shape: Noise.Shape) throws
    {
        var noise = Noise(seed: 20)
        var (total, hundredth, thousandth) = (0, 0, 0)
        for number in 0..<36 {
            let runs = (0..<[20, 40, 100][number % 3]).map { _ in noise.value(shape) }
            let prediction = try #require(RunPrediction(after: runs, levelBegins: 0))
            let (wide, wider) = (
                prediction.range(falseAlarmRate: 0.01), prediction.range(falseAlarmRate: 0.001)
            )
            for _ in 0..<1000 {
                let run = noise.value(shape)
                total += 1
                hundredth += wide.contains(run) ? 0 : 1
                thousandth += wider.contains(run) ? 0 : 1
            }
        }
        // 36 000 runs: three standard errors are 0.0016 and 0.0005, and the histories differ.
        #expect(Double(hundredth) / Double(total) <= 0.0125)
        #expect(Double(thousandth) / Double(total) <= 0.0015)
    }

    @Test func aRunFarOffIsAnAnomalyOnEitherSide() throws {
        let prediction = try #require(RunPrediction(after: history(count: 100)))
        #expect(try #require(prediction.pValue(of: 110)) < 0.001)
        #expect(try #require(prediction.pValue(of: 90)) < 0.001)
        #expect(try #require(prediction.pValue(of: 102)) > 0.01)
        #expect(abs(prediction.level - 100) < 0.4 && prediction.runs == 100)
    }

    @Test func aSeriesThatOftenSpikesHasNoAnomalyInOneMore() throws {
        var noise = Noise(seed: 2)
        let runs = (0..<80).map { 100 + noise.normal() + ($0 % 16 == 7 ? 20 : 0) }
        let prediction = try #require(RunPrediction(after: runs))
        #expect(try #require(prediction.pValue(of: 121)) > 0.001)
        #expect(try #require(prediction.pValue(of: 79)) < 0.002)
    }

    @Test func onlyTheNewestLevelCounts() throws {
        var noise = Noise(seed: 3)
        let runs = (0..<120).map { 100 + ($0 < 80 ? 0 : 20) + noise.normal() }
        let prediction = try #require(RunPrediction(after: runs))
        #expect((79...81).contains(prediction.levelBegins) && abs(prediction.level - 120) < 1)
        #expect(try #require(prediction.pValue(of: 100)) < 0.001)
        let told = try #require(RunPrediction(after: runs, levelBegins: 90))
        #expect(told.levelBegins == 90 && told.runs == 30)
    }

    @Test func aLevelThatIsTooYoungSaysNothing() {
        var noise = Noise(seed: 4)
        let runs = (0..<100).map { 100 + ($0 < 90 ? 0 : 20) + noise.normal() }
        #expect(RunPrediction(after: runs) == nil)
        #expect(
            RunPrediction(after: history(count: 19)) == nil && RunPrediction(after: history(count: 20)) != nil
        )
        #expect(RunPrediction(after: runs, levelBegins: 1000) == nil)
    }

    @Test func theRangeIsWhereTheProbabilityIsTheRate() throws {
        let prediction = try #require(RunPrediction(after: history(.longTailed)))
        for rate in [0.1, 0.01, 1e-4] {
            let range = prediction.range(falseAlarmRate: rate)
            for end in [range.lowerBound, range.upperBound] {
                #expect(try #require(prediction.pValue(of: end)).isClose(to: rate, relative: 1e-6))
            }
        }
        let (wide, wider) = (prediction.range(falseAlarmRate: 0.1), prediction.range(falseAlarmRate: 0.001))
        #expect(wider.lowerBound < wide.lowerBound && wide.upperBound < wider.upperBound)
    }

    // MARK: - bad input

    @Test func aConstantThatMovesIsAnAnomaly() throws {
        for level in [31_000, 0, -0.1, 1e308, Double.leastNonzeroMagnitude] {
            let prediction = try #require(RunPrediction(after: [Double](repeating: level, count: 30)))
            #expect(prediction.pValue(of: level) == 1 && prediction.level == level)
            #expect(prediction.pValue(of: level * 1.001 + 1e-300) == 0)
            #expect(prediction.pValue(of: level * (1 + 1e-12)) == 1)
        }
    }

    @Test func aTickOfACoarseClockIsNoAnomaly() throws {
        let runs = (0..<60).map { $0 % 9 == 4 ? 41.0 : 40 }
        let prediction = try #require(RunPrediction(after: runs))
        #expect(try #require(prediction.pValue(of: 41)) > 0.01 && #require(prediction.pValue(of: 39)) > 0.001)
        #expect(try #require(prediction.pValue(of: 80)) < 0.001)
    }

    @Test func littleOrNothingSaysNothing() throws {
        #expect(RunPrediction(after: []) == nil && RunPrediction(after: [1]) == nil)
        #expect(RunPrediction(after: [Double?](repeating: nil, count: 50)) == nil)
        #expect(RunPrediction(after: [Double](repeating: .nan, count: 50)) == nil)
        let prediction = try #require(RunPrediction(after: history()))
        #expect(prediction.pValue(of: .nan) == nil && prediction.pValue(of: .infinity) == nil)
    }

    @Test func runsWithoutAValueAreLeftOut() throws {
        let runs = history()
        let gaps: [Double?] = runs.flatMap { [nil, $0, .nan] }
        let (with, without) = (
            try #require(RunPrediction(after: gaps)), try #require(RunPrediction(after: runs))
        )
        #expect(with.pValue(of: 104) == without.pValue(of: 104) && with.runs == without.runs)
    }

    @Test func theLargestNumbersHaveARange() throws {
        let runs = (0..<40).map { ($0.isMultiple(of: 2) ? 1 : -1) * 1e308 * (1 + 0.01 * Double($0 % 5)) }
        let prediction = try #require(RunPrediction(after: runs))
        let range = prediction.range(falseAlarmRate: 1e-6)
        #expect(range.lowerBound.isFinite && range.upperBound.isFinite)
        #expect(try #require(prediction.pValue(of: 1e308)) > 0.01)
    }

    @Test func aVeryLongHistoryIsNoTrouble() throws {
        let runs = (0..<100_000).map { 100 + Double($0 * 7919 % 13) / 13 }
        #expect(try #require(RunPrediction(after: runs)).runs == 100)
    }

    // MARK: - properties

    @Test(arguments: shapes) func theUnitAndTheZeroDoNotMatter(_ shape: Noise.Shape) throws {
        let runs = history(shape)
        let plain = try #require(RunPrediction(after: runs, levelBegins: 0))
        for (factor, shift) in [(1024.0, 0.0), (0x1p-500, 0), (8, 4096), (-1, 0)] {
            let moved = try #require(RunPrediction(after: runs.map { $0 * factor + shift }, levelBegins: 0))
            for run in [92.0, 99, 103, 120] {
                let (p, other) = (try #require(plain.pValue(of: run)), moved.pValue(of: run * factor + shift))
                #expect(try #require(other).isClose(to: p, relative: 1e-6))
            }
        }
    }

    @Test func theOrderOfTheRunsOfALevelDoesNotMatter() throws {
        let runs = history()
        let straight = try #require(RunPrediction(after: runs, levelBegins: 0))
        let turned = try #require(RunPrediction(after: runs.reversed(), levelBegins: 0))
        #expect(straight.pValue(of: 104) == turned.pValue(of: 104))
    }
}
