internal import Descriptors
internal import Events
internal import JSON

/// What an attempt's objects are found by, and what their labels were made of.
package struct AttemptLabels: Equatable, Sendable {
    package let labels: [String: String]
    /// The original of every text that could not be a label as it was.
    package let annotations: [String: String]

    /// Labels by which an attempt's objects are found.
    package enum Key {
        package static let run = "benchmark-ai/run"
        package static let attempt = "benchmark-ai/attempt"
        /// Whose they are, where installations share a namespace: none removes what is another one's.
        package static let installation = "benchmark-ai/installation"
        package static let client = "benchmark-ai/client"
        package static let task = "benchmark-ai/task"
        package static let parent = "benchmark-ai/parent"
        /// Which pod of the attempt it is: a `PodRole`.
        package static let role = "benchmark-ai/role"
        /// On pods that want a node for themselves.
        package static let occupies = "benchmark-ai/occupies"
        /// The team's own labels stand behind a prefix: none of them can take the place of another one, `app` or `job-name`.
        package static let teamPrefix = "label.benchmark-ai/"
        /// The team's own labels as the descriptor has them, where they had to be changed.
        package static let originals = "benchmark-ai/labels"
        /// What the attempt's objects were made from: who finds an object of the same name compares it.
        package static let digest = "benchmark-ai/spec-digest"
        /// On pods whose container's log is the only place where its output is: the watcher reads it.
        package static let output = "benchmark-ai/output"
        /// Kueue's.
        package static let queue = "kueue.x-k8s.io/queue-name"
        package static let managedBy = "app.kubernetes.io/managed-by"
        package static let name = "app.kubernetes.io/name"
    }

    /// What `managed-by` and `name` say.
    package static let product = "benchmark-ai"

    init(_ request: AttemptRequest) {
        var labels = [Key.name: AttemptLabels.product, Key.managedBy: AttemptLabels.product]
        var annotations: [String: String] = [:]
        func add(_ key: String, _ text: String) {
            labels[key] = LabelValue.of(text)
            if labels[key] != text { annotations[key] = text }
        }
        add(Key.run, request.runID)
        add(Key.attempt, "\(request.attempt.number)")
        add(Key.client, request.client.id)
        add(Key.task, request.run.name)
        if let parent = request.parentID { add(Key.parent, parent) }
        let own = request.run.descriptor.info.labels
        for (name, value) in own {
            labels[Key.teamPrefix + AttemptLabels.name(name)] = LabelValue.of(value)
        }
        if own.contains(where: { AttemptLabels.name($0.key) != $0.key || LabelValue.of($0.value) != $0.value }
        ) {
            // A table of texts is always JSON.
            annotations[Key.originals] = try? JSONCoding.text(own)
        }
        self.labels = labels
        self.annotations = annotations
    }

    /// A label's name follows the same rules as its value, but cannot be empty.
    private static func name(_ text: String) -> String { text.isEmpty ? "unnamed" : LabelValue.of(text) }
}
