internal import Events

/// The local runner's name for an attempt, `<run>/<number>`; also the path of its folder below the folder of all attempts.
package struct AttemptReference: Hashable, Sendable, CustomStringConvertible {
    package let run: String
    package let number: Int

    package init(run: String, number: Int) {
        self.run = run
        self.number = number
    }

    /// Reads what `description` writes.
    package init(_ text: String) throws(JobRunnerError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int(parts[1]), number > 0, String(number) == parts[1] else {
            throw JobRunnerError(.internalError, "'\(text)' is not the local runner's name for an attempt")
        }
        try AttemptReference.check(run: String(parts[0]))
        self.init(run: String(parts[0]), number: number)
    }

    package var description: String { "\(run)/\(number)" }

    /// Refuses what would lead out of the folder of attempts when it is used as a file's name.
    static func check(run: String) throws(JobRunnerError) {
        let isPlain = run.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isPlain, !run.isEmpty, !run.hasPrefix("."), run.utf8.count <= 128 else {
            throw JobRunnerError(
                .internalError, "'\(run)' cannot be a run's id: it is used as a folder's name")
        }
    }
}
