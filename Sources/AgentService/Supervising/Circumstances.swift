internal import Descriptors
internal import Events
internal import JobRunner
internal import JSON
internal import Runtime

/// Under which circumstances an attempt runs: the machine, and what else happens on it.
struct Circumstances {
    private(set) var facts: [String: JSONValue]
    private(set) var disturbances: [String] = []
    /// Whether the kernel had to kill a process for want of memory while the attempt ran.
    private(set) var ranOutOfMemory = false
    private var before: MachineLoad?
    private let watchesNeighbours: Bool

    /// Before the start every millisecond is one that the user waits.
    private static let (probeBefore, probeAfter) = (Duration.milliseconds(5), Duration.milliseconds(10))

    /// - Parameters:
    ///   - runner: who runs the attempt: `local`, `kubernetes`.
    ///   - facts: what is known beforehand.
    ///   - watchesNeighbours: whether an attempt beside which others kept the machine busy counts as disturbed.
    init(runner: String, facts: [String: JSONValue] = [:], watchesNeighbours: Bool = true) {
        self.watchesNeighbours = watchesNeighbours
        self.facts = facts
        self.facts["agent_version"] = .string(Version.current)
        self.facts["runner"] = .string(runner)
    }

    /// Of a local attempt.
    init(_ order: AttemptOrder) {
        let run = order.job.run
        let facts: [String: JSONValue] = [
            "image": .string(run.descriptor.env.dockerImage),
            "descriptor_sha256": .string(run.source.sha256),
            "contents": .array(
                order.job.contents.map { content in
                    [
                        "role": .string(content.role.rawValue), "id": .string(content.id),
                        "sha256": .string(content.sha256),
                    ]
                }),
        ]
        self.init(
            runner: "local", facts: facts, watchesNeighbours: order.settings.watchesNeighbours)
    }

    /// Looks at the machine before the benchmark starts.
    mutating func look() {
        facts.merge(Machine().description()) { $1 }
        facts["probe_before"] = NoiseProbe.run(for: Circumstances.probeBefore).facts
        let load = MachineLoad.now()
        facts["load_before"] = load.average.map(JSONValue.number)
        before = load
    }

    /// Looks again after the last process has ended.
    ///
    /// - Parameter ownSeconds: the processor time of the benchmark and the agent.
    mutating func lookAgain(ownSeconds: Double) {
        let after = MachineLoad.now()
        facts["load_after"] = after.average.map(JSONValue.number)
        facts["probe_after"] = NoiseProbe.run(for: Circumstances.probeAfter).facts
        guard let before else { return }
        let processors = Int(facts["cpu_count"]?.integer ?? 1)
        let neighbourhood = Neighbourhood(
            before: before, after: after, ownSeconds: ownSeconds, processors: processors)
        facts.merge(neighbourhood.facts) { $1 }
        if watchesNeighbours { disturbances += neighbourhood.disturbances }
        ranOutOfMemory = after.memoryKills > before.memoryKills
    }

    /// Adds a reason to look twice at the numbers.
    mutating func disturb(_ reason: String) { disturbances.append(reason) }
}
