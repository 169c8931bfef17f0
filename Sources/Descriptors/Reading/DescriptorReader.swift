package import Diagnostics
internal import JSON
internal import TOML

/// A problem of a descriptor; what it is about is told by its `code`.
package typealias DescriptorProblem = Problem

/// What reading a descriptor gave: the descriptor unless there is an error, and every problem, in the order of the text.
package struct DescriptorReading: Sendable {
    /// Nil when one of the problems is an error.
    package var descriptor: Descriptor?
    package var problems: [DescriptorProblem]
}

/// Turns TOML into a checked `Descriptor`, or says everything that is wrong with it at once.
///
/// Command line and server run the same code: what `validate` accepts, `run` accepts.
package enum DescriptorReader {
    /// Reads a descriptor.
    ///
    /// - Parameters:
    ///   - text: the file's bytes; anything at all is answered with problems, soon and with little memory.
    ///   - filename: stands in the problems.
    ///   - overrides: `run.repeats=3` and the like, from `--set`; the last one for a key counts.
    package static func read(
        _ text: some Sequence<UInt8>, filename: String, overrides: [String] = []
    ) -> DescriptorReading {
        // One byte more than allowed is enough to refuse it, and a copy of all of it would cost as much again.
        let file = SourceText(name: filename, bytes: Array(text.prefix(TOMLLimits().bytes + 1)))
        let sources =
            [file] + overrides.map { SourceText(name: "--set \($0)", kind: .argument, bytes: Array($0.utf8)) }
        let (parsed, errors) = TOMLParser().parseRecovering(file)
        var root = parsed
        var list = ProblemList(sources)
        for (number, argument) in overrides.enumerated() {
            apply(argument, source: number + 1, to: &root, &list)
        }
        for error in errors { list.add(at: error.position) { error.problem(in: file) } }
        return check(root, list, isWhole: errors.isEmpty)
    }

    /// Reads a descriptor from a string.
    package static func read(_ text: String, filename: String, overrides: [String] = []) -> DescriptorReading
    {
        read(text.utf8, filename: filename, overrides: overrides)
    }

    private static func apply(
        _ argument: String, source: Int, to root: inout TOMLTable, _ list: inout ProblemList
    ) {
        do throws(Override.Fault) {
            try Override(argument, source: source).apply(to: &root)
        } catch {
            list.add(at: SourcePosition(line: 1, column: error.column, source: source)) {
                Problem(code: error.code, message: error.message, expected: error.expected)
            }
        }
    }

    private static func check(_ root: TOMLTable, _ list: ProblemList, isWhole: Bool) -> DescriptorReading {
        var checker = ShapeChecker(root, list: list, isWhole: isWhole)
        let start = SourcePosition(line: 1, column: 1)
        let values = checker.check(root, keys: DescriptorKeys.all, at: .root, position: start)
        var context = RuleContext(values: values, deferred: checker.deferred, list: checker.list, root: root)
        if isWhole {
            for rule in DescriptorRules.all { rule(&context) }
        }
        guard !context.list.hasErrors else { return DescriptorReading(problems: context.list.sorted) }
        do throws(JSONError) {
            let descriptor = try JSONCoding.decode(Descriptor.self, from: values)
            return DescriptorReading(descriptor: descriptor, problems: context.list.sorted)
        } catch {
            // The table of keys and the Swift type are held equal by tests; should they differ after all, nobody runs half a descriptor.
            context.list.add(at: start) {
                Problem(
                    code: "unreadable", message: "the descriptor cannot be used: \(error)", key: error.path)
            }
            return DescriptorReading(problems: context.list.sorted)
        }
    }
}
