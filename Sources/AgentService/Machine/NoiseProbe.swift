internal import Glibc
package import JSON

/// Measures how steady the machine is: the same small piece of work, again and again for some milliseconds.
package struct NoiseProbe: Equatable, Sendable {
    /// The median time of one piece of work, in microseconds.
    package var medianMicroseconds: Double
    /// The standard deviation of the times over their mean: 0.01 is a quiet machine, 0.5 a very busy one.
    package var variation: Double

    /// Works for about `duration`.
    package static func run(for duration: Duration) -> NoiseProbe {
        let end = ContinuousClock.now + duration
        var times: [Double] = []
        var state: UInt64 = 88_172_645_463_325_252
        repeat {
            let start = nanoseconds()
            work(&state)
            times.append(Double(nanoseconds() - start) / 1000)
        } while ContinuousClock.now < end
        // The result is used, so that the work is not optimised away.
        return NoiseProbe(microseconds: state == 0 ? [] : times)
    }

    /// - Parameter microseconds: what each piece took.
    package init(microseconds: [Double]) {
        let count = Double(max(microseconds.count, 1))
        let mean = microseconds.reduce(0, +) / count
        let variance = microseconds.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        let sorted = microseconds.sorted()
        medianMicroseconds = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        variation = mean > 0 ? variance.squareRoot() / mean : 0
    }

    package var facts: JSONValue {
        ["median_us": .number(medianMicroseconds), "variation": .number(variation)]
    }

    /// Some tens of microseconds of dependent integer operations, which touch no memory.
    @inline(never)
    private static func work(_ state: inout UInt64) {
        for _ in 0..<20_000 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
        }
    }

    private static func nanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
