import API
import BFFClient
import Detection
import Events
import FoundationEssentials
import Invariants
import MessageLog
import Runtime

/// The users: they keep so many runs going, remember each id that they were given, and every final status that they were told.
actor Load {
    private let stack: ChaosStack
    private let inFlight: Int
    private let most: Int
    private var generator: SplitMix64
    private let seed: UInt64
    private(set) var promises: [String: Promise] = [:]
    private(set) var ended: Set<String> = []
    private(set) var sightings: [StatusSighting] = []
    private var asked = 0
    private var isOpen = true

    init(_ stack: ChaosStack, inFlight: Int, most: Int, seed: UInt64) {
        self.stack = stack
        self.inFlight = inFlight
        self.most = most
        self.seed = seed
        generator = SplitMix64(seed: seed ^ 0x6c6f_6164)
    }

    /// How many of the runs that were promised have not ended.
    var open: Int { promises.keys.count { !ended.contains($0) } }

    /// Submits and looks until `stop()`; each user has one request at a time.
    func run(users: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<users { group.addTask { try await self.submitting() } }
            try await group.waitForAll()
        }
    }

    /// No run is submitted any more.
    func stop() { isOpen = false }

    /// The runs that the log says have ended: some have before whoever submitted them hears of it.
    func noteEnded(_ runs: some Sequence<String>) { ended.formUnion(runs) }

    func noteSightings(_ seen: [StatusSighting]) { sightings += seen }

    /// A run that goes on; it counts as asked to be canceled from here on.
    func runToCancel(_ choice: UInt64) -> String? {
        let going = promises.keys.filter { !ended.contains($0) }.sorted()
        guard !going.isEmpty else { return nil }
        let run = going[Int(choice % UInt64(going.count))]
        promises[run]?.isCancelRequested = true
        return run
    }

    private func submitting() async throws {
        while isOpen {
            guard asked - ended.count < inFlight, asked < most else {
                try await Task.sleep(for: .milliseconds(20))
                continue
            }
            asked += 1
            let kind = BenchmarkKind.allCases.randomElement(using: &generator) ?? .quick
            try await submit(kind, key: "chaos-\(seed)-\(asked)")
        }
    }

    /// Asks until there is an answer: a user who was told nothing does not know whether he was heard.
    private func submit(_ kind: BenchmarkKind, key: String) async throws {
        let request = SubmitRequest(
            descriptor: kind.descriptor(witness: stack.witness), filename: "\(kind.rawValue).toml",
            directory: stack.witness, client: .init(id: "chaos", version: Version.current, username: "chaos"))
        let end = ContinuousClock.now + .seconds(120)
        while true {
            do {
                let runs = try await stack.client.submit(request, idempotencyKey: key).runs
                for run in runs {
                    promises[run.id] = Promise(run: run.id, key: key, expected: kind.ending)
                }
                return
            } catch {
                // A service that fails on purpose answers with what its users must take for a fault of the moment.
                let mayPass = error.isTransient || error.code == .refused(.internalError)
                guard mayPass, ContinuousClock.now < end else {
                    throw ChaosError(
                        "a \(kind.rawValue) benchmark was refused: \(error) (\(error.code)) \(error.problems)"
                    )
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
