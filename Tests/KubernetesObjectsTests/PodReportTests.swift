import Descriptors
import Events
import JSON
import KubernetesObjects
import Runtime
import Testing

@Suite struct PodReportTests {
    private static let time = Timestamp(milliseconds: 1_700_000_000_123)

    private static func report(
        message: String = "ended with exit code 3", environment: [String: JSONValue] = [:],
        disturbances: [String] = [], lastWords: String? = nil, reason: Reason = .exitCode
    ) -> PodReport {
        PodReport(
            task: .wrap,
            outcome: AttemptOutcome(
                status: .failed, reason: reason, message: message, failure: .benchmark, exitCode: 3,
                signal: nil, started: time, finished: time + .seconds(1), cpuSeconds: 0.25,
                peakMemory: 1 << 40, metricCount: .max, logCount: .max, droppedMetrics: .max,
                environment: environment, disturbances: disturbances),
            lastWords: lastWords)
    }

    private func read(_ report: PodReport) -> PodReport? {
        let text = report.terminationMessage
        #expect(text.count <= PodReport.mostBytes)
        return PodReport(terminationMessage: String(decoding: text, as: UTF8.self))
    }

    @Test func whatFitsIsKeptWhole() throws {
        let report = PodReportTests.report(
            environment: ["cpu_model": "a"], disturbances: ["hot"], lastWords: "Traceback\nError")
        #expect(try #require(read(report)) == report)
    }

    @Test func lastWordsGoBeforeFactsAndFactsBeforeThoseThatMakeResultsComparable() throws {
        var environment: [String: JSONValue] = ["cpu_model": "x", "runner": "kubernetes"]
        for number in 0..<40 { environment["fact_\(number)"] = .string(String(repeating: "f", count: 80)) }
        let seen = try #require(
            read(
                PodReportTests.report(
                    environment: environment, lastWords: String(repeating: "w", count: 3000))))
        #expect(seen.lastWords == nil)
        #expect(seen.outcome.environment["cpu_model"] == "x")
        #expect(seen.outcome.environment.count < environment.count)
        #expect(seen.outcome.message == "ended with exit code 3")
    }

    @Test(arguments: ["\u{1}", "\"", "🦉", "e\u{301}\u{327}\u{338}", "x"])
    func nothingMakesItTooLongOrUnreadable(_ text: String) throws {
        let long = String(repeating: text, count: 20_000)
        let seen = try #require(
            read(
                PodReportTests.report(
                    message: long, environment: ["gpus": .array(Array(repeating: .string(long), count: 3))],
                    disturbances: Array(repeating: long, count: 9), lastWords: long, reason: Reason(long))))
        #expect(seen.outcome.exitCode == 3)
        #expect(!seen.outcome.message.isEmpty)
        #expect(long.unicodeScalars.starts(with: seen.outcome.message.unicodeScalars))
    }

    @Test(arguments: ["", "Traceback (most recent call last):", "{\"a\":1}", "{"])
    func theEndOfALogIsNoReport(_ text: String) {
        #expect(PodReport(terminationMessage: text) == nil)
    }

    @Test func aReportOfALaterVersionIsNotUnderstood() throws {
        var report = PodReportTests.report()
        report.version += 1
        #expect(
            PodReport(terminationMessage: String(decoding: report.terminationMessage, as: UTF8.self)) == nil)
    }

    @Test func theExitCodeSaysWhetherAnotherTryMayHelp() {
        var report = PodReportTests.report()
        #expect(report.exitCode == PodReport.ExitCode.descriptor)
        report.outcome.failure = .infrastructure
        #expect(report.exitCode == PodReport.ExitCode.infrastructure)
    }
}
