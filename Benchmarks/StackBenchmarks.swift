import API
import BFFClient
import Deployment
import FoundationEssentials
import Glibc
import JSON
import Runtime

/// The whole stack, from `baictl up` to a process that runs, in a folder of its own.
enum StackBenchmarks {
    private static let rounds = 20

    static func run() async throws {
        let home = "\(Measuring.folder)/stack"
        let environment = ProcessInfo.processInfo.environment.merging(["BAI_HOME": home]) { $1 }
        let stack = StackUnderTest(home: home, environment: environment)
        let start = ContinuousClock.now
        try await stack.baictl("up")
        Measuring.report("stack: up", milliseconds(ContinuousClock.now - start), "target <= 1000 ms")
        do {
            try await starting(stack)
            try await idling(stack)
            try await commandLine(stack)
        } catch {
            try await stack.baictl("down")
            throw error
        }
        try await stack.baictl("down")
    }

    /// How long until the id is back, and until the benchmark's process runs; one at a time on an idle stack.
    private static func starting(_ stack: StackUnderTest) async throws {
        var (accepted, started): ([Double], [Double]) = ([], [])
        for round in 0..<rounds {
            let stamp = "\(stack.home)/stamp-\(round)"
            let before = nanoseconds()
            let run = try await stack.submit("sh -c 'date +%s%N > \(stamp)'")
            accepted.append(Double(nanoseconds() - before) / 1e6)
            for try await _ in stack.client.events(of: run) {}
            let text = try String(contentsOf: URL(filePath: stamp), encoding: .utf8)
            if let ran = Int64(text.prefix { $0 != "\n" }) { started.append(Double(ran - before) / 1e6) }
        }
        report("stack: submit, durable id back", accepted, "target p50 <= 5 ms")
        report("stack: submit to process started", started, "target p50 <= 50 ms")
    }

    /// What the services take when there is nothing to do.
    private static func idling(_ stack: StackUnderTest) async throws {
        // What the last run left to do is done when its lazy offsets are committed.
        try await Task.sleep(for: .seconds(2))
        let processes = stack.processIDs()
        let before = processes.map(ProcessFigures.cpuSeconds).reduce(0, +)
        let window = Duration.seconds(5)
        try await Task.sleep(for: window)
        let used = processes.map(ProcessFigures.cpuSeconds).reduce(0, +) - before
        let memory = processes.map(ProcessFigures.proportionalMemory).reduce(0, +)
        Measuring.report(
            "stack: idle memory", "\(Measuring.number(Double(memory) / 1e6)) MB",
            "target <= 150 MB, proportional set size of \(processes.count) processes")
        Measuring.report(
            "stack: idle CPU", "\(Measuring.number(used / window.inSeconds * 100)) %",
            "target <= 1 % of one core")
    }

    /// Commands beside the least that starting a program can cost.
    private static func commandLine(_ stack: StackUnderTest) async throws {
        var (version, list, least): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<rounds {
            least.append(try await stack.time("/bin/true"))
            version.append(try await stack.time(stack.program, "version"))
            list.append(try await stack.time(stack.program, "list"))
        }
        let beside = "/bin/true takes \(Measuring.number(Measuring.median(least))) ms"
        report("baictl version", version, "target <= 20 ms; \(beside)")
        report("baictl list", list, beside)
    }

    private static func report(_ name: String, _ values: [Double], _ note: String) {
        Measuring.report(
            name, "p50 \(Measuring.number(Measuring.median(values))) ms",
            "p99 \(Measuring.number(Measuring.percentile(values, 0.99))) ms; \(note)")
    }

    private static func milliseconds(_ duration: Duration) -> String {
        "\(Measuring.number(duration.inSeconds * 1000)) ms"
    }

    private static func nanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// The stack that is measured, and the programs that measure it.
struct StackUnderTest {
    let home: String
    let environment: [String: String]
    let client: BFFClient

    init(home: String, environment: [String: String]) {
        self.home = home
        self.environment = environment
        client = BFFClient(endpoint: .unixSocket(path: Installation(home: home).socket))
    }

    var program: String { ProgramFolder.program("baictl") }

    /// Submits a benchmark that is this command.
    func submit(_ command: String) async throws -> String {
        let descriptor = """
            spec_version = "0.1.0"
            [info]
            task_name = "bench"
            description = "a benchmark of the benchmark runner"
            [hardware]
            instance_type = "local"
            [env]
            docker_image = "none"
            [ml]
            benchmark_code = \"""\(command)\"""
            """
        let request = SubmitRequest(
            descriptor: descriptor, filename: "bench.toml", directory: home,
            client: SubmitRequest.Client(id: "bench", version: Version.current, username: "bench"))
        return try await client.submit(request).runs[0].id
    }

    func baictl(_ arguments: String...) async throws {
        let child = try ChildProcess.start(
            ChildProcess.Setup(
                program: program, arguments: arguments, environment: environment, standardError: 2))
        let exit = try await child.wait().exit
        guard exit == .code(0) else { throw SystemError("baictl \(arguments): \(exit)", code: 0) }
    }

    /// From start to end, in milliseconds.
    func time(_ program: String, _ arguments: String...) async throws -> Double {
        let start = ContinuousClock.now
        let child = try ChildProcess.start(
            ChildProcess.Setup(program: program, arguments: arguments, environment: environment))
        _ = try await child.wait()
        return (ContinuousClock.now - start).inSeconds * 1000
    }

    /// The services and their supervisor.
    func processIDs() -> [Int32] {
        let stack = LocalStack(installation: Installation(home: home), environment: environment)
        return stack.states().compactMap(\.processID) + [stack.supervisorProcessID].compactMap { $0 }
    }
}

/// What the kernel says of a process.
enum ProcessFigures {
    /// User and system time so far.
    static func cpuSeconds(_ processID: Int32) -> Double { ticks(processID, fields: 12...13) }

    /// The same, with what the children used that it has waited for.
    static func cpuSecondsWithChildren(_ processID: Int32) -> Double { ticks(processID, fields: 12...15) }

    /// The sum of some fields of `/proc/<pid>/stat`, in seconds.
    private static func ticks(_ processID: Int32, fields wanted: ClosedRange<Int>) -> Double {
        guard let text = try? String(contentsOf: URL(filePath: "/proc/\(processID)/stat"), encoding: .utf8)
        else { return 0 }
        // The second field is the program's name in parentheses and may hold anything; utime and stime are fields 14 and 15, those of children follow.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > wanted.upperBound else { return 0 }
        let ticks = fields[wanted].compactMap { Double($0) }.reduce(0, +)
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// In bytes; pages that processes share are counted once, in parts.
    static func proportionalMemory(_ processID: Int32) -> Int64 {
        let path = "/proc/\(processID)/smaps_rollup"
        guard let text = try? String(contentsOf: URL(filePath: path), encoding: .utf8) else { return 0 }
        let line = text.split(separator: "\n").first { $0.hasPrefix("Pss:") }
        let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap { Int64($0) }
        return (kilobytes ?? 0) * 1024
    }
}
