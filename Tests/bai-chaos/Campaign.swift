import API
import BFFClient
import Deployment
import Detection
import Events
import FoundationEssentials
import Glibc
import Invariants
import MessageLog
import Runtime

/// One campaign: a stack, users who submit, faults, and the verdict.
struct Campaign {
    let options: ChaosOptions
    let stack: ChaosStack
    let load: Load
    let observer: Observer

    /// Runs a campaign and prints what was done, what was checked, and the verdict.
    ///
    /// - Returns: whether every invariant holds.
    static func run(_ options: ChaosOptions) async throws -> Bool {
        let folder = options.folder ?? "/tmp/bai-chaos-\(getpid())"
        print(
            "chaos: seed \(options.seed), \(options.rounds) faults, \(options.runs) runs at a time, in \(folder)"
        )
        let stack = try ChaosStack(folder: folder)
        try await stack.baictl("up")
        let most = options.most ?? .max
        let load = Load(stack, inFlight: options.runs, most: most, seed: options.seed)
        do {
            let campaign = Campaign(
                options: options, stack: stack, load: load, observer: try await Observer(stack, load))
            let violations = try await campaign.play()
            return verdict(violations, options, folder)
        } catch {
            try await stack.baictl("down")
            print("reproduce with: \(reproduction(options)); what is left is in \(folder)")
            throw error
        }
    }

    private static func verdict(_ violations: [Violation], _ options: ChaosOptions, _ folder: String) -> Bool
    {
        for violation in violations { print("VIOLATION \(violation)") }
        if violations.isEmpty {
            print("verdict: all \(Invariant.allCases.count) invariants hold")
            try? FileManager.default.removeItem(atPath: folder)
            return true
        }
        print(
            "verdict: \(violations.count) violations; reproduce with: \(reproduction(options)); what is left is in \(folder)"
        )
        return false
    }

    private static func reproduction(_ options: ChaosOptions) -> String {
        let faults =
            options.faults == FaultKind.allCases
            ? "" : " FAULTS=\(options.faults.map(\.rawValue).joined(separator: ","))"
        return "make chaos SEED=\(options.seed) ROUNDS=\(options.rounds) RUNS=\(options.runs)\(faults)"
    }

    /// Injects the faults, lets everything come to rest, takes the stack down, and holds what is left against the invariants.
    private func play() async throws -> [Violation] {
        let began = ContinuousClock.now
        let users = Task { try await load.run(users: 4) }
        let watching = Task { try await observer.run() }
        defer {
            users.cancel()
            watching.cancel()
        }
        try await injectFaults()
        await load.stop()
        try await users.value
        try await heal()
        let isAtRest = try await rest()
        let listed = try await Gathering(stack: stack).list()
        watching.cancel()
        try await watching.value
        try await stack.baictl("down")
        if !isAtRest { print("not at rest after \(options.patience): what follows says why") }
        let evidence = try await evidence(
            listed: listed.map(\.id), told: listed.map { StatusSighting(run: $0.id, status: $0.status) })
        report(evidence, took: ContinuousClock.now - began)
        return Invariants.violations(in: evidence)
    }

    private func injectFaults() async throws {
        var generator = SplitMix64(seed: options.seed)
        try await untilBusy()
        for round in 1...max(1, options.rounds) where round <= options.rounds {
            let fault = Fault.next(of: options.faults, using: &generator)
            let began = ContinuousClock.now
            let done = try await Injector(stack: stack, load: load).inject(fault)
            let took = (ContinuousClock.now - began).wholeMilliseconds
            print("round \(round): \(fault): \(done) (\(took) ms, \(await load.open) runs going)")
            try await Task.sleep(for: fault.pause)
        }
    }

    /// Waits until as many runs go on as are wanted: faults without work prove nothing.
    private func untilBusy() async throws {
        let end = ContinuousClock.now + .seconds(10)
        let wanted = min(options.runs, options.most ?? options.runs)
        while await load.open < wanted, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Lets whatever stands still go on, and has everything up.
    private func heal() async throws {
        for service in stack.services() { if let processID = service.processID { kill(processID, SIGCONT) } }
        try await stack.baictl("up")
    }

    /// Waits until every run has ended and no service has anything to do.
    ///
    /// - Returns: false when patience ends first.
    private func rest() async throws -> Bool {
        let end = ContinuousClock.now + options.patience
        while ContinuousClock.now < end {
            if await load.open == 0, try await isIdle() { return true }
            try await Task.sleep(for: .milliseconds(200))
        }
        return false
    }

    /// Whether every service has taken all there is and has nothing in hand.
    private func isIdle() async throws -> Bool {
        do {
            guard try await stack.client.health().lag.values.allSatisfy({ $0 == 0 }) else { return false }
            var evidence = Evidence()
            evidence.records = try await Gathering(stack: stack).records()
            return !Invariants.violations(in: evidence).contains {
                [.nothingInHand, .everyRunEnds, .alarmsOnce].contains($0.invariant)
            }
        } catch {
            // Somebody may be on his way up again.
            return false
        }
    }

    private func evidence(listed: [String], told: [StatusSighting]) async throws -> Evidence {
        let gathering = Gathering(stack: stack)
        var evidence = Evidence()
        evidence.promises = await load.promises.values.sorted { $0.run < $1.run }
        evidence.listed = listed
        evidence.sightings = await load.sightings + told
        evidence.offsets = await observer.offsets
        evidence.records = try await gathering.records()
        evidence.stored = try await gathering.stored(evidence.promises.map(\.run))
        evidence.starts = gathering.attempts(in: "starts")
        evidence.crowded = gathering.attempts(in: "crowded")
        evidence.leftovers = try gathering.leftovers()
        return evidence
    }

    private func report(_ evidence: Evidence, took: Duration) {
        let points = evidence.stored.values.reduce(0) { $0 + $1.points.count }
        print(
            """
            checked after \(Int(took.inSeconds)) s: \(evidence.promises.count) runs, \(evidence.starts.count) attempts, \
            \(points) points, \(evidence.records.count) records, \(evidence.sightings.count) statuses told, \
            \(evidence.offsets.count) looks at offsets
            """)
    }
}
