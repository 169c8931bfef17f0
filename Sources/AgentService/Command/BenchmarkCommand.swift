package import Descriptors
package import Events

/// The words of the command that an attempt runs.
package struct BenchmarkCommand: Equatable, Sendable {
    /// At least one: the program.
    package let words: [String]

    package var program: String { words[0] }

    /// Why there is no command.
    package struct Failure: Error, Equatable, Sendable {
        package var reason: Reason
        package var message: String
    }

    /// - Parameter words: at least one.
    package init(words: [String]) {
        precondition(!words.isEmpty, "a command has a program")
        self.words = words
    }

    /// Reads the command by Benchmark AI's rules: `ml.benchmark_code`'s words, then those of `ml.args`, with `$(VAR)` replaced afterwards so that a value
    /// with a space in it stays one word.
    package init(_ program: Descriptor.Program?, environment: [String: String]) throws(Failure) {
        let code = try BenchmarkCommand.split(program?.benchmarkCode, key: "ml.benchmark_code")
        let arguments = try BenchmarkCommand.split(program?.args, key: "ml.args")
        guard !code.isEmpty else {
            throw Failure(
                reason: .noCommand,
                message: """
                    the descriptor has no ml.benchmark_code, and env.docker_image's own entrypoint cannot run \
                    without a container runtime: say which command to run
                    """)
        }
        words = (code + arguments).map { VariableExpansion.expand($0, with: environment) }
    }

    private static func split(_ text: String?, key: String) throws(Failure) -> [String] {
        do throws(ShellWords.Failure) {
            return try ShellWords.split(text ?? "")
        } catch {
            throw Failure(reason: .startFailed, message: "\(key) cannot be split into words: \(error)")
        }
    }
}
