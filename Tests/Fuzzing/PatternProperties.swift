internal import AgentService
internal import Descriptors

/// However a pattern is made, it finds numbers or gives up soon.
enum PatternProperties {
    static func check(_ bytes: [UInt8]) throws(Violation) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        var patterns = MetricPatterns([
            Descriptor.Metric(name: "m", units: "ms", pattern: lines.first ?? "")
        ])
        for line in lines.dropFirst().prefix(5) {
            let found = patterns.values(in: line)
            try expect(found.values.count <= line.utf8.count + 1, "more values than characters")
            try expect(found.complaints.allSatisfy { $0.utf8.count < 2000 }, "a complaint has no end")
        }
    }
}
