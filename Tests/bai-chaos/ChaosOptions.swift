import Runtime

/// What a campaign of faults is told on the command line.
struct ChaosOptions {
    /// What is random follows from this: the faults, their order, and the kinds of runs. When things happen does not.
    var seed: UInt64
    /// How many faults are injected.
    var rounds = 100
    /// How many runs are kept going at a time.
    var runs = 50
    /// How many runs are submitted in all at most, so that a campaign on a slow machine ends too; nil: as many as it takes.
    var most: Int?
    /// The faults to choose from.
    var faults = FaultKind.allCases
    /// How long everything may take to come to rest once the faults are over.
    var patience = Duration.seconds(300)
    /// Where the stack lives; it is removed unless something was found.
    var folder: String?

    static let usage = """
        usage: bai-chaos [--seed=N] [--rounds=N] [--runs=N] [--most=N] [--faults=KIND,KIND] [--patience=SECONDS] [--folder=PATH]
        faults: \(FaultKind.allCases.map(\.rawValue).joined(separator: " "))
        """

    /// A word that cannot be understood.
    struct Mistake: Error {
        var message: String
    }

    init(_ words: some Sequence<String>) throws {
        var generator = SystemRandomNumberGenerator()
        seed = generator.next() % 1_000_000
        for word in words { try take(word) }
    }

    private mutating func take(_ word: String) throws {
        let parts = word.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { throw Mistake(message: "'\(word)' is no NAME=VALUE") }
        let value = String(parts[1])
        switch parts[0] {
        case "--seed": seed = UInt64(try ChaosOptions.number(value))
        case "--rounds": rounds = try ChaosOptions.number(value)
        case "--runs": runs = max(1, try ChaosOptions.number(value))
        case "--most": most = try ChaosOptions.number(value)
        case "--patience": patience = .seconds(try ChaosOptions.number(value))
        case "--folder": folder = value
        case "--faults":
            faults = try value.split(separator: ",").map { name in
                guard let kind = FaultKind(rawValue: String(name)) else {
                    throw Mistake(message: "'\(name)' is no fault")
                }
                return kind
            }
        default: throw Mistake(message: "there is no option \(parts[0])")
        }
    }

    private static func number(_ text: String) throws -> Int {
        guard let number = Int(text), number >= 0 else {
            throw Mistake(message: "'\(text)' is no whole number")
        }
        return number
    }
}
