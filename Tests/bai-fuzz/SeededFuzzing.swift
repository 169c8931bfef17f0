import Fuzzing
import Glibc

/// Fuzzing with seeded mutations, for as long as somebody likes.
enum SeededFuzzing {
    /// Where the input is that is being read, so that it is known when it ends the program.
    private static let lastInput = ".build/fuzz-last-input"

    /// Runs, says what was found, and gives the program's exit code.
    static func run(_ target: FuzzTarget, options: [String]) throws -> Int32 {
        let seconds = options.first.flatMap(Int.init) ?? 60
        let seed = options.dropFirst().first.flatMap(UInt64.init) ?? UInt64.random(in: 0 ... .max)
        let corpus = try Corpus.inputs(of: target).map(\.bytes)
        let file = open(lastInput, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        print("\(target.rawValue): \(seconds) s, seed \(seed); what is being read is in \(lastInput)")
        var run = FuzzRun(target, corpus: corpus, seed: seed)
        do {
            let count = try run.run(for: .seconds(seconds)) { input in
                _ = ftruncate(file, 0)
                _ = pwrite(file, input, input.count, 0)
            }
            print("\(target.rawValue): \(count) inputs, nothing found")
            return 0
        } catch {
            print(error)
            return 1
        }
    }
}
