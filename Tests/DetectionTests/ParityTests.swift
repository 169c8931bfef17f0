import Testing

@testable import Detection

/// What the peers themselves find, in Golden/peers.json.
private struct History: Decodable {
    struct Found: Decodable {
        var index: Int
        var before: Double
        var after: Double
        var t: Double?
    }

    var name: String
    var values: [Double]
    var otava: [Found]
    var otava_narrow: [Found]
    /// nil where MongoDB's answer depends on its seed.
    var mongodb: [Int]?
    var mongodb_statistic: [Double]?
    var perfherder: [Found]

    static func all() throws -> [History] { try Golden.read("peers.json", as: [History].self) }
}

@Suite struct ParityTests {
    private func expect(_ found: [ChangePoint], are expected: [History.Found], in history: History) {
        #expect(found.map(\.index) == expected.map(\.index), "\(history.name)")
        for (change, golden) in zip(found, expected) {
            #expect(change.before.isClose(to: golden.before, relative: 1e-9), "\(history.name)")
            #expect(change.after.isClose(to: golden.after, relative: 1e-9), "\(history.name)")
            if let t = golden.t { #expect(change.strength.isClose(to: t, relative: 1e-9), "\(history.name)") }
        }
    }

    // MARK: - the peers' answers

    @Test func otavasChangesAreOtavas() throws {
        let histories = try History.all()
        #expect(histories.count >= 48)
        for history in histories {
            expect(OtavaDetector().changePoints(in: history.values), are: history.otava, in: history)
        }
    }

    @Test func otavasParametersMeanWhatTheyMeanThere() throws {
        let detector = OtavaDetector(windowLength: 30, maximumPValue: 0.01, minimumMagnitude: 0.05)
        for history in try History.all() {
            expect(detector.changePoints(in: history.values), are: history.otava_narrow, in: history)
        }
    }

    @Test func mongoDBsChangesAreMongoDBsWhateverTheSeed() throws {
        let certain = try History.all().filter { $0.mongodb != nil }
        #expect(certain.count >= 36)
        for history in certain {
            #expect(
                MongoDBDetector().changePoints(in: history.values).map(\.index) == history.mongodb,
                "\(history.name)")
        }
    }

    @Test func theEnergyStatisticIsMongoDBs() throws {
        for history in try History.all() {
            guard let expected = history.mongodb_statistic else { continue }
            let energy = EnergyStatistic(history.values[...])
            let largest = energy.largest(energy.order)
            #expect(abs(largest.statistic - (expected.max() ?? 0)) < 1e-9 * 100, "\(history.name)")
            if largest.statistic > 1e-6 {
                #expect(expected.firstIndex(of: expected.max() ?? 0) == largest.place)
            }
        }
    }

    @Test func perfherdersChangesArePerfherders() throws {
        for history in try History.all() {
            expect(
                PerfherderDetector().changePoints(in: history.values), are: history.perfherder, in: history)
        }
    }

    @Test func otavasTestIsStudentsWithThePopulationsDeviation() throws {
        // scipy.stats.ttest_ind_from_stats with numpy.std (ddof 0) of both sides.
        let test = OtavaTest(Moments([1, 2, 3, 4]), Moments([3, 5, 6, 7, 9, 4]))
        #expect(test.before == 2.5 && test.after.isClose(to: 17.0 / 3))
        #expect(test.statistic.isClose(to: 2.881117547645929, relative: 1e-12))
        #expect(test.pValue.isClose(to: 0.020476380512792762, relative: 1e-10))
    }

    // MARK: - what the peers do not take

    private static let methods = DetectionMethod.allCases

    private func step(_ seed: UInt64, _ height: Double = 8) -> [Double] {
        var noise = Noise(seed: seed)
        return (0..<100).map { 100 + ($0 < 60 ? 0 : height) + noise.normal() }
    }

    @Test(arguments: methods) func eachMethodFindsAPlainStep(_ method: DetectionMethod) throws {
        let found = method.changePoints(in: step(3))
        #expect(found.map(\.index) == [60])
        let change = try #require(found.first)
        #expect(abs(change.before - 100) < 1 && abs(change.after - 108) < 1 && change.strength > 7)
    }

    @Test(arguments: methods) func missingRunsCountInThePlaceOfEachMethod(_ method: DetectionMethod) {
        let gaps: [Double?] = step(4).enumerated().map { $0.offset % 5 == 1 ? nil : $0.element }
        let found = method.changePoints(in: gaps).map(\.index)
        #expect(found.count == 1 && found.allSatisfy { (60...61).contains($0) })
        #expect(method.changePoints(in: gaps.map { $0 ?? .nan }).map(\.index) == found)
        #expect(method.changePoints(in: gaps.map { $0 ?? -.infinity }).map(\.index) == found)
    }

    @Test func otavaFillsMissingRunsForwardThenBackward() {
        let gaps: [Double?] = [nil, nil] + step(5).enumerated().map { $0.offset % 5 == 1 ? nil : $0.element }
        var last = gaps[2]
        let filled = gaps.map { value in
            last = value ?? last
            return last
        }
        #expect(OtavaDetector().changePoints(in: gaps) == OtavaDetector().changePoints(in: filled))
    }

    @Test(arguments: methods) func littleOrNothingHasNoChanges(_ method: DetectionMethod) {
        let series: [[Double?]] = [
            [], [nil], [1], [1, 2], [.nan, .infinity], [Double?](repeating: nil, count: 50),
            [Double?](repeating: 0.1, count: 200), [Double?](repeating: 0, count: 200),
            [Double?](repeating: 1e308, count: 60), [Double?](repeating: .leastNonzeroMagnitude, count: 60),
        ]
        for values in series { #expect(method.changePoints(in: values).isEmpty, "\(values.prefix(3))") }
    }

    @Test(arguments: methods) func theUnitDoesNotMatterToAnyMethod(_ method: DetectionMethod) {
        let values = step(6, 5)
        let found = method.changePoints(in: values).map(\.index)
        for factor in [0x1p-1000, 0x1p-20, 0x1p20, 0x1p1000] {
            #expect(method.changePoints(in: values.map { $0 * factor }).map(\.index) == found, "\(factor)")
        }
    }

    @Test(arguments: [DetectionMethod.robust, .otava, .mongodb])
    func theZeroDoesNotMatterWhereNoShareIsAskedFor(_ method: DetectionMethod) {
        let values = step(7, 5)
        let found = method.changePoints(in: values).map(\.index)
        #expect(method.changePoints(in: values.map { $0 + 1024 }).map(\.index) == found)
        #expect(method.changePoints(in: values.map { 1024 - $0 }).map(\.index) == found)
    }

    @Test func theLargestNumbersHaveAFiniteStrength() throws {
        let values = (0..<60).map { $0 < 30 ? -1e308 : 1e308 }
        for method in DetectionMethod.allCases {
            let change = try #require(method.changePoints(in: values).first, "\(method)")
            #expect(
                change.index == 30 && change.strength.isFinite && change.before == -1e308
                    && change.after == 1e308)
        }
    }

    @Test func mongoDBsAnswerFollowsFromTheSeed() throws {
        // MongoDB itself says one thing and another of this one.
        let history = try #require(try History.all().first { $0.name == "noise 13" })
        #expect(history.mongodb == nil)
        let answers = (0..<2).map { MongoDBDetector(seed: $0).changePoints(in: history.values) }
        #expect(answers[0] != answers[1])
        #expect(MongoDBDetector(seed: 0).changePoints(in: history.values) == answers[0])
        #expect(MongoDBDetector(seed: 1).changePoints(in: history.values) == answers[1])
    }

    @Test func perfherderSeesLevelsBelowZeroAndAtZero() {
        let below = step(9).map { -$0 }
        #expect(PerfherderDetector().changePoints(in: below).map(\.index) == [60])
        let atZero = (0..<60).map { $0 < 30 ? 0.0 : 5 }
        #expect(PerfherderDetector().changePoints(in: atZero).map(\.index) == [30])
    }

    @Test func aLongSeriesIsWorkedThrough() {
        var noise = Noise(seed: 10)
        let values = (0..<4000).map { 100 + ($0 < 2500 ? 0 : 8) + noise.normal() }
        for method in [DetectionMethod.otava, .perfherder] {
            #expect(method.changePoints(in: values).contains { abs($0.index - 2500) <= 1 })
        }
    }
}
