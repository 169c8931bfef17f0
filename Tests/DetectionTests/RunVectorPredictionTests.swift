import Testing

@testable import Detection

@Suite struct RunVectorPredictionTests {
    /// Runs of four metrics, of which the first two nearly always move together.
    private struct Machine {
        var noise: Noise
        var shape = Noise.Shape.normal

        mutating func run() -> [Double] {
            let shared = noise.value(shape)
            return [
                100 + shared + 0.2 * noise.value(shape), 50 - 3 * shared + 0.6 * noise.value(shape),
                7 + noise.value(shape), 1000 + 20 * noise.value(shape),
            ]
        }

        mutating func histories(_ count: Int) -> [[Double?]] {
            let runs = (0..<count).map { _ in run() }
            return (0..<4).map { metric in runs.map { $0[metric] } }
        }
    }

    @Test func aRunThatBreaksWhatHasAlwaysHeldIsAnAnomaly() throws {
        var machine = Machine(noise: Noise(seed: 1))
        let histories = machine.histories(100)
        let prediction = RunVectorPrediction(after: histories)
        // Each alone is nothing unusual: together they have never been seen.
        for (history, value) in zip(histories, [103, 59.0]) {
            #expect(try #require(RunPrediction(after: history)?.pValue(of: value)) > 0.01)
        }
        let verdict = try #require(prediction.verdict(of: [103, 59, 7, 1000]))
        #expect(verdict.pValue < 0.001)
        #expect(verdict.contributions.map(\.metric).allSatisfy { $0 < 2 } && !verdict.contributions.isEmpty)
        let usual = try #require(prediction.verdict(of: [102, 44, 7, 1000]))
        #expect(usual.pValue > 0.01 && usual.contributions.isEmpty)
    }

    @Test func theMetricThatMovedIsNamed() throws {
        var machine = Machine(noise: Noise(seed: 2))
        let prediction = RunVectorPrediction(after: machine.histories(100))
        let verdict = try #require(prediction.verdict(of: [100, 50, 7, 1400]))
        #expect(verdict.pValue < 0.001 && verdict.contributions.map(\.metric) == [3])
        let contribution = try #require(verdict.contributions.first)
        #expect(contribution.deviations > 10 && contribution.share > 0.9)
        let both = try #require(prediction.verdict(of: [100, 50, 27, 1400]))
        #expect(Set(both.contributions.map(\.metric)) == [2, 3])
    }

    /// Four metrics, histories of 40 runs, one run in fifty allowed. Metrics whose tails are heavy come closest.
    @Test(arguments: [Noise.Shape.normal, .longTailed, .oneSided])
    func runsOfQuietMetricsAreAnomaliesAsRarelyAsStated(_ shape: Noise.Shape) throws {
        var machine = Machine(noise: Noise(seed: 3), shape: shape)
        var (total, found) = (0, 0)
        for _ in 0..<10 {
            let prediction = RunVectorPrediction(after: machine.histories(40))
            for _ in 0..<60 {
                // Where chance has made a level of the newest runs nothing is said.
                guard let verdict = prediction.verdict(of: machine.run()) else { continue }
                total += 1
                found += verdict.pValue < 0.02 ? 1 : 0
            }
        }
        // Of 600 runs 12; three standard errors are 10.
        #expect(total >= 500 && found <= 22, "\(found) of \(total)")
    }

    // MARK: - bad input

    @Test func aConstantThatMovesIsNamed() throws {
        var machine = Machine(noise: Noise(seed: 4))
        let histories = machine.histories(60) + [[Double?](repeating: 5, count: 60)]
        let prediction = RunVectorPrediction(after: histories)
        let verdict = try #require(prediction.verdict(of: [100, 50, 7, 1000, 6]))
        #expect(verdict.pValue == 0 && verdict.contributions.map(\.metric) == [4])
        #expect(verdict.contributions.first?.deviations == .infinity)
        #expect(try #require(prediction.verdict(of: [100, 50, 7, 1000, 5])).pValue > 0.01)
    }

    @Test func littleOrNothingSaysNothing() {
        #expect(RunVectorPrediction(after: []).verdict(of: []) == nil)
        #expect(RunVectorPrediction(after: [[], []]).verdict(of: [1, 2]) == nil)
        let short = RunVectorPrediction(after: [[1, 2, 3], [Double?](repeating: nil, count: 50)])
        #expect(short.verdict(of: [100, 100]) == nil && short.unknown == [0, 1])
        var machine = Machine(noise: Noise(seed: 5))
        let prediction = RunVectorPrediction(after: machine.histories(60))
        #expect(prediction.verdict(of: [nil, .nan, .infinity]) == nil && prediction.verdict(of: []) == nil)
    }

    @Test func aMetricWithoutEnoughRunsIsLeftOut() throws {
        var machine = Machine(noise: Noise(seed: 6))
        let prediction = RunVectorPrediction(after: machine.histories(60) + [[1, 2, 3]])
        #expect(prediction.unknown == [4])
        #expect(try #require(prediction.verdict(of: [100, 50, 7, 1000, 1e9])).pValue > 0.01)
    }

    @Test func runsWithoutSomeOfTheValuesAreCopedWith() throws {
        var machine = Machine(noise: Noise(seed: 7))
        var histories = machine.histories(100)
        for run in stride(from: 0, to: 100, by: 3) { histories[run % 4][run] = nil }
        let prediction = RunVectorPrediction(after: histories)
        #expect(try #require(prediction.verdict(of: [100, 50, nil, 1000])).pValue > 0.01)
        #expect(try #require(prediction.verdict(of: [100, nil, 7, 1400])).contributions.map(\.metric) == [3])
    }

    @Test func moreMetricsThanRunsAreJudged() throws {
        var noise = Noise(seed: 8)
        let histories: [[Double?]] = (0..<40).map { _ in (0..<30).map { _ in 10 + noise.normal() } }
        let prediction = RunVectorPrediction(after: histories)
        var run: [Double?] = histories.map { _ in 10 + noise.normal() }
        #expect(try #require(prediction.verdict(of: run)).pValue > 0.001)
        run[17] = 80
        let verdict = try #require(prediction.verdict(of: run))
        #expect(verdict.pValue < 0.001 && verdict.contributions.first?.metric == 17)
    }

    @Test func theSameMetricTwiceIsNoTrouble() throws {
        var machine = Machine(noise: Noise(seed: 9))
        let histories = machine.histories(60)
        let prediction = RunVectorPrediction(after: histories + histories)
        #expect(try #require(prediction.verdict(of: [100, 50, 7, 1000, 100, 50, 7, 1000])).pValue > 0.01)
        #expect(try #require(prediction.verdict(of: [100, 50, 7, 1e300, 100, 50, 7, 1e300])).pValue < 0.001)
    }

    // MARK: - properties

    @Test func theOrderAndTheUnitsOfTheMetricsDoNotMatter() throws {
        var machine = Machine(noise: Noise(seed: 10))
        let histories = machine.histories(60)
        let straight = RunVectorPrediction(after: histories)
        let order = [2, 0, 3, 1]
        let (factors, shifts) = ([1.0, 1024, 0.5, -4], [0.0, 1, -7, 64])
        let turned = RunVectorPrediction(
            after: order.map { metric in
                histories[metric].map { $0.map { $0 * factors[metric] + shifts[metric] } }
            })
        for run in [[100.0, 50, 7, 1000], [102, 56, 7, 1000], [100, 50, 40, 1400]] {
            let expected = try #require(straight.verdict(of: run))
            let found = try #require(turned.verdict(of: order.map { run[$0] * factors[$0] + shifts[$0] }))
            #expect(found.pValue.isClose(to: expected.pValue, relative: 1e-6))
            #expect(found.contributions.map { order[$0.metric] } == expected.contributions.map(\.metric))
        }
    }
}
