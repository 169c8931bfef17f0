import API
import BFFClient
import Events
import FoundationEssentials
import Glibc
import Runtime

/// A thousand runs submitted at once, on a stack of its own: how fast they go through, and what they cost.
enum LoadBenchmarks {
    private static let runs = 1000
    private static let users = 16

    static func run() async throws {
        let home = "\(Measuring.folder)/load"
        let environment = ProcessInfo.processInfo.environment.merging(["BAI_HOME": home]) { $1 }
        let stack = StackUnderTest(home: home, environment: environment)
        try await stack.baictl("up")
        do {
            try await measure(stack)
        } catch {
            try await stack.baictl("down")
            throw error
        }
        try await stack.baictl("down")
        try? FileManager.default.removeItem(atPath: home)
    }

    private static func measure(_ stack: StackUnderTest) async throws {
        let cpuBefore = cpuSeconds(of: stack)
        let peak = Locked<Int64>(0)
        let sampling = Task {
            while !Task.isCancelled {
                let memory = memoryInUse(by: stack)
                peak.withLock { $0 = max($0, memory) }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        defer { sampling.cancel() }
        let start = ContinuousClock.now
        try await submit(to: stack)
        let submitted = (ContinuousClock.now - start).inSeconds
        try await untilAllHaveEnded(stack)
        let took = (ContinuousClock.now - start).inSeconds
        let cpu = cpuSeconds(of: stack) - cpuBefore
        Measuring.report(
            "load: 1 000 runs of true, submitted", "\(rate(submitted)) runs/s",
            "by \(users) users at once, each id durable when it is returned")
        Measuring.report(
            "load: 1 000 runs of true, finished", "\(rate(took)) runs/s",
            "one at a time; the machine starts \(Measuring.number(try await bareRate())) /bin/true a second")
        Measuring.report(
            "load: CPU a run", "\(Measuring.number(cpu / Double(runs) * 1000)) ms",
            "all services, agents and benchmarks")
        Measuring.report(
            "load: peak memory", "\(Measuring.number(Double(peak.withLock { $0 }) / 1e6)) MB",
            "proportional set size of all of them, looked at 5 times a second")
    }

    private static func rate(_ seconds: Double) -> String { Measuring.number(Double(runs) / seconds) }

    private static func submit(to stack: StackUnderTest) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for user in 0..<users {
                group.addTask {
                    for _ in stride(from: user, to: runs, by: users) { _ = try await stack.submit("true") }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Asks for one run that has not ended, until there is none.
    private static func untilAllHaveEnded(_ stack: StackUnderTest) async throws {
        var open = RunQuery()
        open.statuses = RunStatus.allCases.filter { !$0.isFinal }
        open.limit = 1
        while try await !stack.client.runs(open).items.isEmpty {
            try await Task.sleep(for: .milliseconds(100))
        }
        var failed = RunQuery()
        failed.statuses = RunStatus.allCases.filter { $0.isFinal && $0 != .succeeded }
        guard try await stack.client.runs(failed).items.isEmpty else {
            throw SystemError("a run of /bin/true did not succeed", code: 0)
        }
    }

    /// How often a second this program starts `/bin/true` and waits for it: what no runner can exceed that runs one at a time.
    private static func bareRate() async throws -> Double {
        try await Measuring.rate(for: .seconds(1)) {
            _ = try await ChildProcess.start(ChildProcess.Setup(program: "/bin/true", environment: [:]))
                .wait()
        }
    }

    /// Of the services, with all that they have waited for: the executor has waited for the agents, and they for the benchmarks.
    private static func cpuSeconds(of stack: StackUnderTest) -> Double {
        stack.processIDs().map(ProcessFigures.cpuSecondsWithChildren).reduce(0, +)
    }

    /// Of the services and of the agents and benchmarks that run at this moment.
    private static func memoryInUse(by stack: StackUnderTest) -> Int64 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let agents = names.compactMap { Int32($0) }.filter { processID in
            let path = "/proc/\(processID)/cmdline"
            let words = (try? Data(contentsOf: URL(filePath: path))).map {
                String(decoding: $0, as: UTF8.self)
            }
            return words?.contains(stack.home) == true
        }
        return Set(stack.processIDs() + agents).map(ProcessFigures.proportionalMemory).reduce(0, +)
    }
}
