import FoundationEssentials
import JSON
import Runtime

/// What `emit()` costs a benchmark, from the client library's own measurement.
enum ClientLibraryBenchmarks {
    private static let script = "client-lib/python/bench/emit_bench.py"

    static func run() async throws {
        let output = "\(Measuring.folder)/emit.json"
        let python = try ChildProcess.start(
            ChildProcess.Setup(
                program: "sh", arguments: ["-c", "python3 \(script) --json > '\(output)'"],
                environment: ProcessInfo.processInfo.environment, standardError: 2))
        guard try await python.wait().exit == .code(0) else {
            return Measuring.report("emit()", "not measured", "python3 \(script) failed")
        }
        let figures = try JSONCoding.decode(JSONValue.self, from: Data(contentsOf: URL(filePath: output)))
        let append = text(figures["append"]?["p50_us"])
        Measuring.report(
            "emit(), Python", "p50 \(text(figures["emit_value"]?["p50_us"])) us",
            "target <= 2 us; list.append takes \(append) us")
        Measuring.report(
            "import benchmarkai", "\(text(figures["import"]?["difference_ms"])) ms",
            "target <= 20 ms, over python3 -c pass")
    }

    private static func text(_ value: JSONValue?) -> String {
        value?.number.map(Measuring.number) ?? "?"
    }
}
