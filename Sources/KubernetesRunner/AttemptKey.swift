internal import Descriptors
internal import JobRunner
internal import Kubernetes
internal import KubernetesObjects

/// An attempt as the labels of its objects name it.
struct AttemptKey: Hashable, Sendable, CustomStringConvertible {
    /// The run's id where it can be a label, else what stands for it.
    let run: String
    let attempt: Int

    init(_ reference: AttemptReference) {
        run = LabelValue.of(reference.run)
        attempt = reference.number
    }

    /// Of an object with these labels; nil where it is no attempt's.
    init?(labels: [String: String]) {
        guard let run = labels[AttemptLabels.Key.run],
            let attempt = labels[AttemptLabels.Key.attempt].flatMap(Int.init)
        else { return nil }
        self.run = run
        self.attempt = attempt
    }

    var description: String { "\(run)/\(attempt)" }

    /// Finds all objects of the attempt.
    var selection: Selection {
        Selection(
            labels: "\(AttemptLabels.Key.run)=\(run),\(AttemptLabels.Key.attempt)=\(attempt)")
    }

    /// Finds all objects of a run.
    static func selection(ofRun run: String) -> String {
        "\(AttemptLabels.Key.managedBy)=\(AttemptLabels.product),\(AttemptLabels.Key.run)=\(LabelValue.of(run))"
    }
}

/// What is written on the decisive object when somebody wants its attempt to end.
enum StopMark {
    /// The reason, on an attempt that ends because of it.
    static let stopped = "benchmark-ai/stopped"
    /// The reason, on the object that takes the decisive one's place so that an attempt that was stopped before its start never starts.
    static let neverStarted = "benchmark-ai/never-started"
}
