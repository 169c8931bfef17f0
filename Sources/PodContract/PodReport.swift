package import Events
internal import Descriptors
internal import JSON

/// What the agent says of how a container of a pod ended: the container's termination message, which Kubernetes keeps in the pod's status.
///
/// The container that decides runs under `bai-agent wrap`; its exit code is the benchmark's own, and this says what the code does not. `pull`, `await` and
/// `barrier` write one only when they fail. Who reads a pod's status makes the attempt's outcome of it, and adds what the agent does not know: the node, the image's
/// digest, what was fetched, and why it had the pod deleted.
package struct PodReport: Codable, Equatable, Sendable {
    /// Grows when the meaning of a field changes.
    package var version = PodReport.newest
    /// Which of the agent's tasks ended.
    package var task: Task
    /// How it ended in the agent's judgement. Of a pod of several, what the pod says for itself. Counts are those of the records that the pod's sidecar
    /// numbered; nil where it did not say in time.
    package var outcome: AttemptOutcome
    /// The end of what the benchmark wrote to standard error.
    package var lastWords: String?

    /// What the agent does in a container.
    package enum Task: String, Codable, Sendable, CaseIterable { case pull, await, barrier, wrap }

    /// The exit codes of the agent's own containers, which have no benchmark's to pass on.
    package enum ExitCode {
        /// What the descriptor asks for cannot be had, however often it is tried. sysexits.h calls it EX_DATAERR.
        package static let descriptor: Int32 = 65
        /// The machine, the network or the installation: another try may succeed. sysexits.h calls it EX_TEMPFAIL.
        package static let infrastructure: Int32 = 75
    }

    package init(task: Task, outcome: AttemptOutcome, lastWords: String? = nil) {
        self.task = task
        self.outcome = outcome
        self.lastWords = lastWords
    }

    private static let newest = 1

    private enum CodingKeys: String, CodingKey {
        case version, task, outcome
        case lastWords = "last_words"
    }
}

extension PodReport {
    /// The exit code of an agent's container that ended like this.
    package var exitCode: Int32 {
        switch outcome.failure {
        case nil: 0
        case .benchmark: ExitCode.descriptor
        case .infrastructure: ExitCode.infrastructure
        }
    }

    /// Reads a container's termination message.
    ///
    /// - Returns: nil for one that is no report: Kubernetes puts the end of a container's log in the place of a message that is not there.
    package init?(terminationMessage text: String) {
        guard text.utf8.first == UInt8(ascii: "{"),
            let report = try? JSONCoding.decode(PodReport.self, from: text.utf8),
            report.version <= PodReport.newest
        else { return nil }
        self = report
    }

    /// The most bytes of a termination message; of a longer one Kubernetes keeps only the beginning, which is no JSON any more.
    package static let mostBytes = 4096

    /// The text to be left for Kubernetes, of at most `mostBytes` bytes. What does not fit is left out, the least important first.
    package var terminationMessage: [UInt8] {
        var report = self
        for leaveOut in PodReport.reductions(of: outcome) {
            if let text = report.text { return text }
            leaveOut(&report)
        }
        // All that is left has bounds of its own, far below the limit.
        return report.text ?? Array("{}".utf8)
    }

    /// nil when it is too long.
    private var text: [UInt8]? {
        // Texts and finite numbers are always JSON; the others are written as words.
        guard let text = try? JSONCoding.encode(self), text.count <= PodReport.mostBytes else { return nil }
        return text
    }

    /// What no result can do without: the members of the fingerprint by which results are comparable, and the runner's own.
    private static let needed: Set<String> = [
        "agent_version", "architecture", "cpu_allowed_count", "cpu_count", "cpu_governor", "cpu_model",
        "cpu_quota", "cpu_smt", "gpu_driver", "gpus", "is_virtual", "kernel", "memory_bytes", "runner",
    ]

    private typealias Reduction = (inout PodReport) -> Void

    private static func reductions(of outcome: AttemptOutcome) -> [Reduction] {
        let names = outcome.environment.keys.sorted()
        let facts = names.filter { !needed.contains($0) } + names.filter(needed.contains)
        return [
            { $0.lastWords = $0.lastWords.map { String($0.suffix(500)) } },
            { $0.lastWords = nil },
            { $0.outcome.disturbances = $0.outcome.disturbances.map { String($0.prefix(200)) } },
            { $0.outcome.message = String($0.outcome.message.prefix(300)) },
        ]
            + facts.filter { !needed.contains($0) }.map(leavingOut)
            + [
                { $0.outcome.disturbances = Array($0.outcome.disturbances.prefix(3)) }
            ] + facts.filter(needed.contains).map(leavingOut)
            + [
                { $0.outcome.disturbances = [] },
                // Escaped, a character may take a dozen bytes.
                { $0.outcome.message = String($0.outcome.message.unicodeScalars.prefix(100)) },
                { $0.outcome.reason = Reason(String($0.outcome.reason.rawValue.unicodeScalars.prefix(60))) },
            ]
    }

    private static func leavingOut(_ fact: String) -> Reduction {
        { $0.outcome.environment[fact] = nil }
    }
}
