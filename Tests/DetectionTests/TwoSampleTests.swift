import Testing

@testable import Detection

/// The expected numbers are SciPy's and statsmodels', in Golden/statistics.json.
@Suite struct TwoSampleTests {
    private func samples(_ values: [Double]) throws -> Samples { try #require(Samples(values)) }

    @Test func welchsTestIsSciPys() throws {
        for golden in try GoldenStatistics.read().pairs {
            let test = try #require(WelchTest(samples(golden.first), samples(golden.second)))
            #expect(test.statistic.isClose(to: golden.t, relative: 1e-9))
            #expect(try #require(test.degreesOfFreedom).isClose(to: golden.freedom, relative: 1e-9))
            #expect(test.pValue.isClose(to: golden.p, relative: 1e-8))
            #expect(test.interval.low.isClose(to: golden.low, relative: 1e-8))
            #expect(test.interval.high.isClose(to: golden.high, relative: 1e-8))
        }
    }

    @Test func theEffectSizesAreThoseOfTheirFormulas() throws {
        for golden in try GoldenStatistics.read().pairs {
            let effect = try EffectSize(samples(golden.first), samples(golden.second))
            #expect(try #require(effect.hedgesG).isClose(to: golden.g, relative: 1e-9))
            #expect(effect.probabilityOfSuperiority.isClose(to: golden.superiority, relative: 1e-12))
            #expect(abs(effect.cliffsDelta - (2 * golden.superiority - 1)) < 1e-12)
        }
    }

    @Test func theShiftIsTheMedianOfAllDifferences() throws {
        for golden in try GoldenStatistics.read().pairs {
            let found = try HodgesLehmannShift(samples(golden.first), samples(golden.second))
            #expect(found.shift.isClose(to: golden.shift, relative: 1e-12))
            #expect((found.interval == nil) == (golden.shift_interval == nil))
            if let interval = found.interval, let expected = golden.shift_interval {
                #expect(interval.low.isClose(to: expected[0], relative: 1e-12))
                #expect(interval.high.isClose(to: expected[1], relative: 1e-12))
            }
        }
    }

    @Test func theCorrectionsForManyMetricsAreStatsmodels() throws {
        for golden in try GoldenStatistics.read().corrections {
            for (found, expected) in zip(ManyComparisons.holm(golden.p), golden.holm) {
                #expect(try #require(found).isClose(to: expected, relative: 1e-12))
            }
            for (found, expected) in zip(
                ManyComparisons.benjaminiHochberg(golden.p), golden.benjamini_hochberg)
            {
                #expect(try #require(found).isClose(to: expected, relative: 1e-12))
            }
        }
    }

    // MARK: - what there is little to say about

    @Test func oneSampleHasNoSpreadToTestAgainst() throws {
        #expect(try WelchTest(samples([1]), samples([2, 3])) == nil)
        #expect(try EffectSize(samples([1]), samples([2])).hedgesG == nil)
        #expect(try EffectSize(samples([1]), samples([2])).cliffsDelta == 1)
        let shift = try HodgesLehmannShift(samples([1]), samples([2]))
        #expect(shift.shift == 1 && shift.interval == nil)
    }

    @Test func equalConstantsDoNotDiffer() throws {
        let constant = try samples([0.1, 0.1, 0.1])
        let test = try #require(WelchTest(constant, constant))
        #expect(test.pValue == 1 && test.statistic == 0 && test.degreesOfFreedom == nil)
        #expect(EffectSize(constant, constant).hedgesG == 0)
        #expect(EffectSize(constant, constant).probabilityOfSuperiority == 0.5)
        #expect(HodgesLehmannShift(constant, constant).shift == 0)
    }

    @Test func constantsThatMoveDoDiffer() throws {
        let (before, after) = (try samples([3, 3, 3]), try samples([3.1, 3.1, 3.1]))
        let test = try #require(WelchTest(before, after))
        #expect(test.pValue == 0 && test.statistic == .infinity)
        #expect(test.interval.low == test.difference && test.interval.high == test.difference)
        #expect(EffectSize(before, after).hedgesG == nil && EffectSize(before, after).cliffsDelta == 1)
    }

    @Test func metricsWithoutAProbabilityAreNotCounted() {
        let with = ManyComparisons.holm([0.01, nil, 0.02, .nan, 1.5])
        #expect(with == [0.02, nil, 0.02, nil, nil])
        #expect(ManyComparisons.holm([]).isEmpty && ManyComparisons.benjaminiHochberg([nil]) == [nil])
    }

    @Test(arguments: [1e308, Double.leastNonzeroMagnitude])
    func theLargestAndTheSmallestNumbersAreCompared(_ size: Double) throws {
        let before = try samples([size, -size, size, -size, size])
        let after = try samples([-size, -size, size, -size, size])
        let test = try #require(WelchTest(before, after))
        #expect((0.1...1).contains(test.pValue) && test.difference.isFinite && test.interval.high.isFinite)
        #expect(try #require(EffectSize(before, after).hedgesG).isFinite)
        let shift = HodgesLehmannShift(before, after)
        #expect(shift.shift == 0 && shift.interval.map { $0.low.isFinite && $0.high.isFinite } == true)
    }

    // MARK: - properties

    @Test(arguments: 0..<20) func theUnitAndTheZeroDoNotMatter(seed: UInt64) throws {
        var noise = Noise(seed: seed)
        let first = (0..<9).map { _ in noise.value(.longTailed) }
        let second = (0..<14).map { _ in noise.value(.oneSided) }
        let (a, b) = (try samples(first), try samples(second))
        let (moved, other) = (try samples(first.map { $0 * 8 + 32 }), try samples(second.map { $0 * 8 + 32 }))
        let (test, same) = (try #require(WelchTest(a, b)), try #require(WelchTest(moved, other)))
        #expect(test.pValue.isClose(to: same.pValue, relative: 1e-9))
        #expect(EffectSize(a, b).cliffsDelta == EffectSize(moved, other).cliffsDelta)
        let (shift, further) = (HodgesLehmannShift(a, b).shift * 8, HodgesLehmannShift(moved, other).shift)
        #expect(abs(shift - further) < 1e-12)
    }

    @Test(arguments: 0..<20) func exchangingTheSidesTurnsTheSign(seed: UInt64) throws {
        var noise = Noise(seed: seed)
        let a = try samples((0..<7).map { _ in noise.normal() })
        let b = try samples((0..<11).map { _ in noise.normal() })
        let (there, back) = (try #require(WelchTest(a, b)), try #require(WelchTest(b, a)))
        #expect(there.statistic == -back.statistic && there.pValue == back.pValue)
        #expect(abs(EffectSize(a, b).cliffsDelta + EffectSize(b, a).cliffsDelta) < 1e-12)
        let (shift, returned) = (HodgesLehmannShift(a, b), HodgesLehmannShift(b, a))
        #expect(shift.shift == -returned.shift && shift.interval?.low == returned.interval.map { -$0.high })
    }

    @Test func theOrderOfTheMetricsDoesNotMatter() {
        var noise = Noise(seed: 5)
        let values: [Double?] = (0..<30).map {
            $0.isMultiple(of: 7) ? nil : noise.uniform() * noise.uniform()
        }
        var generator = SplitMix64(seed: 1)
        let order = values.indices.shuffled(using: &generator)
        for correct in [ManyComparisons.holm, ManyComparisons.benjaminiHochberg] {
            let straight = correct(values)
            #expect(correct(order.map { values[$0] }) == order.map { straight[$0] })
        }
    }

    /// What 95 % promise, tried out on skewed samples moved by 1.
    @Test func theIntervalOfTheShiftHoldsItAsOftenAsItSays() throws {
        var noise = Noise(seed: 6)
        var held = 0
        let trials = 1500
        for _ in 0..<trials {
            let a = try samples((0..<7).map { _ in noise.value(.oneSided) })
            let b = try samples((0..<9).map { _ in noise.value(.oneSided) + 1 })
            let interval = try #require(HodgesLehmannShift(a, b).interval)
            if interval.low <= 1, interval.high >= 1 { held += 1 }
        }
        // Three standard errors of 95 % are 1.7 %; the exact interval holds a little more, since ranks come in steps.
        #expect((0.933...0.985).contains(Double(held) / Double(trials)))
    }

    @Test func manySamplesHaveAShift() throws {
        var noise = Noise(seed: 7)
        let a = try samples((0..<20_000).map { _ in noise.uniform() })
        let b = try samples((0..<20_000).map { _ in noise.uniform() + 0.25 })
        let shift = HodgesLehmannShift(a, b)
        #expect(abs(shift.shift - 0.25) < 0.02)
        #expect(try #require(WelchTest(a, b)).pValue < 1e-100)
    }
}
