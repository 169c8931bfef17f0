import Glibc
import Testing

@testable import Detection

/// The expected numbers are SciPy's, in Golden/statistics.json.
@Suite struct DistributionTests {
    @Test func theNormalQuantilesAreSciPys() throws {
        for row in try GoldenStatistics.read().normal {
            #expect(StandardNormal.upperQuantile(row[0]).isClose(to: row[1], relative: 1e-13), "\(row)")
            #expect(StandardNormal.upperTail(row[1]).isClose(to: row[0], relative: 1e-10), "\(row)")
        }
    }

    @Test func theQuantilesOfStudentsTAreSciPys() throws {
        for row in try GoldenStatistics.read().t_quantiles {
            let found = StudentT(degreesOfFreedom: row[1]).upperQuantile(row[0])
            #expect(found.isClose(to: row[2], relative: 1e-9), "\(row) \(found)")
        }
    }

    @Test func theTailsOfStudentsTAndOfFAreSciPys() throws {
        let golden = try GoldenStatistics.read()
        for row in golden.t_tails {
            let found = StudentT(degreesOfFreedom: row[1]).upperTail(row[0])
            #expect(found.isClose(to: row[2], relative: 1e-10), "\(row) \(found)")
        }
        for row in golden.f_tails {
            let found = FDistribution(numerator: row[1], denominator: row[2]).upperTail(row[0])
            #expect(found.isClose(to: row[3], relative: 1e-9), "\(row) \(found)")
        }
    }

    /// With one degree of freedom t is the cotangent of πp, with two it has a root in it: no other program is needed for these.
    @Test(arguments: [0.4, 0.25, 0.1, 1e-3, 1e-8, 1e-15])
    func theClosedFormsOfStudentsTHold(_ probability: Double) {
        let one = StudentT(degreesOfFreedom: 1).upperQuantile(probability)
        #expect(one.isClose(to: 1 / tan(.pi * probability), relative: 1e-12))
        let two = StudentT(degreesOfFreedom: 2).upperQuantile(probability)
        let expected = (1 - 2 * probability) * (1 / (2 * probability * (1 - probability))).squareRoot()
        #expect(two.isClose(to: expected, relative: 1e-12))
    }

    @Test func quantilesAndTailsTakeEachOtherBack() {
        for freedom in [1, 1.5, 2, 4, 17, 400, 1e6] {
            let distribution = StudentT(degreesOfFreedom: freedom)
            for probability in [1e-9, 1e-4, 0.03, 0.3, 0.49, 0.5, 0.7, 0.999] {
                let back = distribution.upperTail(distribution.upperQuantile(probability))
                #expect(back.isClose(to: probability, relative: 1e-10), "\(freedom) \(probability)")
            }
        }
    }

    @Test func theEndsOfADistributionAreInfinite() {
        let distribution = StudentT(degreesOfFreedom: 3)
        #expect(distribution.upperQuantile(0) == .infinity && distribution.upperQuantile(1) == -.infinity)
        #expect(distribution.upperTail(.infinity) == 0 && distribution.upperTail(1e200) == 0)
        #expect(StandardNormal.upperQuantile(0) == .infinity && StandardNormal.upperQuantile(1) == -.infinity)
        #expect(FDistribution(numerator: 2, denominator: 3).upperTail(.infinity) == 0)
        #expect(FDistribution(numerator: 2, denominator: 3).upperTail(0) == 1)
    }

    @Test(arguments: [Double.leastNonzeroMagnitude, 1e-300, 1, 3, 1e308]) func theUnitOfValuesRoundsNothing(
        _ value: Double
    ) {
        let scale = BinaryScale([value, -value / 2, 0])
        #expect((1..<2).contains(scale.scaled(value)))
        #expect(scale.restored(scale.scaled(value)) == value)
        #expect(scale.restored(scale.scaled(value) * 4).isFinite)
    }
}
