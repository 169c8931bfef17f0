internal import Glibc

/// Runs mutations of a corpus through a target, for a time.
package struct FuzzRun: Sendable {
    /// An input that shows a violation.
    package struct Finding: Error, Equatable, Sendable, CustomStringConvertible {
        package var target: String
        /// Which seed found it.
        package var seed: UInt64
        /// As small as it could be made.
        package var input: [UInt8]
        package var violation: Violation

        package var description: String {
            """
            \(target): \(violation)
              seed \(seed), input of \(input.count) bytes: \(String(decoding: input, as: UTF8.self).debugDescription)
            """
        }
    }

    package typealias Check = @Sendable ([UInt8]) throws(Violation) -> Void

    /// Of one input, on the processor: a hundred times what the slowest takes in a debug build.
    private static let mostTime = 2.0

    private let name: String
    private let seed: UInt64
    private let check: Check
    private var mutator: Mutator

    /// - Parameters:
    ///   - corpus: what to begin with.
    ///   - seed: the same one gives the same inputs.
    package init(_ target: FuzzTarget, corpus: [[UInt8]], seed: UInt64) {
        self.init(name: target.rawValue, words: target.words, corpus: corpus, seed: seed) {
            bytes throws(Violation) in try target.check(bytes)
        }
    }

    /// A target of a test's own.
    package init(
        name: String, words: [String], corpus: [[UInt8]], seed: UInt64, check: @escaping Check
    ) {
        self.name = name
        self.seed = seed
        self.check = check
        mutator = Mutator(seed: seed, corpus: corpus, words: words)
    }

    /// Runs for `time`.
    ///
    /// - Parameter about: is told each input before it is read: what ends the program is then known.
    /// - Returns: how many inputs were read.
    /// - Throws: the first finding, made small.
    package mutating func run(
        for time: Duration, about: (_ input: [UInt8]) -> Void = { _ in }
    ) throws(Finding) -> Int {
        let end = ContinuousClock.now + time
        var count = 0
        while ContinuousClock.now < end {
            let input = mutator.next()
            about(input)
            count += 1
            guard let violation = violation(of: input) else { continue }
            let small = shrunk(input)
            throw Finding(
                target: name, seed: seed, input: small, violation: self.violation(of: small) ?? violation)
        }
        return count
    }

    /// The first `count` inputs, unread.
    package func inputs(_ count: Int) -> [[UInt8]] {
        var mutator = mutator
        return (0..<count).map { _ in mutator.next() }
    }

    private func violation(of input: [UInt8]) -> Violation? {
        let start = FuzzRun.processorTime()
        do throws(Violation) {
            try check(input)
        } catch {
            return error
        }
        let time = FuzzRun.processorTime() - start
        return time < FuzzRun.mostTime ? nil : Violation("it takes \(time) s")
    }

    /// `input` without what the violation does not need: halves, quarters and so on are left out for as long as it stays one.
    private func shrunk(_ input: [UInt8]) -> [UInt8] {
        var input = input
        var size = max(input.count / 2, 1)
        var tries = 2000
        while tries > 0 {
            var hasShrunk = false
            var start = 0
            while start < input.count, tries > 0 {
                tries -= 1
                let candidate = Array(input[..<start] + input[min(start + size, input.count)...])
                if violation(of: candidate) != nil {
                    input = candidate
                    hasShrunk = true
                } else {
                    start += size
                }
            }
            if size == 1, !hasShrunk { break }
            size = max(size / 2, 1)
        }
        return input
    }

    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
