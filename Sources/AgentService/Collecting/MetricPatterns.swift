package import Descriptors
internal import Patterns

/// The patterns of `[[output.metrics]]`, tried on each line of standard output.
package struct MetricPatterns: Sendable {
    private struct Entry {
        var metric: Descriptor.Metric
        var pattern: Pattern
        var failures = 0
    }

    /// How often a pattern may be too costly before it is no longer tried: the agent must keep up with the benchmark.
    package static let mostFailures = 10

    private var entries: [Entry] = []
    /// Patterns that cannot be used at all, each with why.
    package private(set) var problems: [String] = []

    package init(_ metrics: [Descriptor.Metric]) {
        var limits = PatternLimits()
        // The benchmark waits for us when its pipe is full: far less than a pattern may cost elsewhere.
        limits.timePerLine = .milliseconds(50)
        for metric in metrics {
            guard let source = metric.pattern else { continue }
            do throws(PatternError) {
                entries.append(Entry(metric: metric, pattern: try Pattern(source, limits: limits)))
            } catch {
                problems.append("the pattern of metric '\(metric.name)' cannot be used: \(error)")
            }
        }
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// What the patterns find in one line: of each, any number of values.
    ///
    /// - Returns: the values, and a sentence for each match that is no number and each pattern that gave up.
    package mutating func values(in line: String) -> (values: [Emission.Value], complaints: [String]) {
        var values: [Emission.Value] = []
        var complaints: [String] = []
        for place in entries.indices where entries[place].failures < MetricPatterns.mostFailures {
            do throws(PatternError) {
                for match in try entries[place].pattern.matches(in: line) {
                    take(match, of: entries[place], into: &values, &complaints)
                }
            } catch {
                entries[place].failures += 1
                complaints.append(complaint(about: entries[place], error))
            }
        }
        return (values, complaints)
    }

    private func take(
        _ match: PatternMatch, of entry: Entry, into values: inout [Emission.Value],
        _ complaints: inout [String]
    ) {
        // Without a group the whole match is the value.
        let text = match["value"] ?? (entry.pattern.groupCount == 0 ? match.text : match[1]) ?? ""
        let units = entry.metric.units
        if let number = NumberText.value(text) {
            values.append(Emission.Value(entry.metric.name, number, unit: units.isEmpty ? nil : units))
        } else {
            complaints.append(
                "the pattern of metric '\(entry.metric.name)' found '\(text.prefix(40))', which is not a number"
            )
        }
    }

    private func complaint(about entry: Entry, _ error: PatternError) -> String {
        let verdict = entry.failures < MetricPatterns.mostFailures ? "" : "; it is not tried any more"
        return "the pattern of metric '\(entry.metric.name)' gave up on a line: \(error)\(verdict)"
    }
}
