import FoundationEssentials
import Glibc
import Runtime

/// What benchmarks have in common: time, medians, a folder on the disk that is measured, a line for each figure.
enum Measuring {
    /// Where files are written: `BAI_BENCH_DIR`, else the package's `.build` (a folder in memory would measure nothing).
    static let folder =
        (ProcessInfo.processInfo.environment["BAI_BENCH_DIR"]
            ?? FileManager.default.currentDirectoryPath + "/.build") + "/bench-\(getpid())"

    static let environment = ProcessInfo.processInfo.environment

    /// Where a program is: on the path, or where Debian hides PostgreSQL's; nil where it is not installed.
    static func find(_ program: String) -> String? {
        let versions = "/usr/lib/postgresql"
        let hidden = ((try? FileManager.default.contentsOfDirectory(atPath: versions)) ?? []).sorted()
            .reversed()
        let folders =
            (environment["PATH"] ?? "").split(separator: ":").map(String.init)
            + hidden.map { "\(versions)/\($0)/bin" }
        return folders.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }

    /// What a program prints; nil when it fails.
    static func output(of command: [String], in folder: String) async throws -> String? {
        let path = "\(Measuring.folder)/output"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(file) }
        let child = try ChildProcess.start(
            ChildProcess.Setup(
                program: command[0], arguments: Array(command.dropFirst()), environment: environment,
                directory: folder, standardOutput: file))
        guard try await child.wait().exit == .code(0) else { return nil }
        return try String(contentsOf: URL(filePath: path), encoding: .utf8)
    }

    /// Nanoseconds on the clock that all processes of the machine share.
    static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// How often a second `operation` can be done, tried for `duration`.
    static func rate(for duration: Duration, _ operation: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        var count = 0
        while start.duration(to: .now) < duration {
            try await operation()
            count += 1
        }
        return Double(count) / start.duration(to: .now).inSeconds
    }

    static func percentile(_ values: [Double], _ share: Double) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? .nan : sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
    }

    static func median(_ values: [Double]) -> Double { percentile(values, 0.5) }

    /// The middle, the slow ones and the slowest of some times in milliseconds.
    static func spread(_ milliseconds: [Double]) -> String {
        "p50 \(number(median(milliseconds))) ms, p99 \(number(percentile(milliseconds, 0.99))) ms"
    }

    /// One line of the report: what, how much, beside what, and the target where there is one.
    static func report(_ name: String, _ figure: String, _ beside: String = "") {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(width - text.count, 1))
        }
        print(padded(name, 42) + padded(figure, 30) + beside)
    }

    /// `12 345`: enough digits to compare, none more.
    static func number(_ value: Double) -> String {
        guard value.isFinite, value >= 100 else { return "\((value * 1000).rounded() / 1000)" }
        var digits = String(Int(value.rounded()))
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits = String(digits.dropLast(3))
        }
        return ([digits] + groups).joined(separator: " ")
    }
}

/// The machine's own limit for anything durable: append so many bytes to a file, `fdatasync`, again.
final class DurableWriteProbe {
    /// How long each write took, in milliseconds.
    private(set) var latencies: [Double] = []
    private let descriptor: Int32
    private let bytes: [UInt8]

    init(path: String, bytes: Int) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        self.bytes = Array(repeating: 120, count: bytes)
        precondition(descriptor >= 0, "cannot open \(path)")
    }

    /// Writes a second for a while.
    func rate(for duration: Duration) async throws -> Double {
        try await Measuring.rate(for: duration) {
            let began = ContinuousClock.now
            let written = write(descriptor, bytes, bytes.count)
            precondition(written == bytes.count && fdatasync(descriptor) == 0, "the probe's disk fails")
            latencies.append(began.duration(to: .now).inSeconds * 1000)
        }
    }

    deinit { close(descriptor) }
}
