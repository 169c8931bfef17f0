/// `batch/v1` Job: pods that run to their end.
package struct Job: Codable, Equatable, Sendable {
    package var apiVersion = "batch/v1"
    package var kind = "Job"
    package var metadata: ObjectMetadata
    package var spec: JobSpec
}

/// How the pods of a Job are run.
package struct JobSpec: Codable, Equatable, Sendable {
    /// How many pods at a time.
    package var parallelism: Int
    /// How many pods have to succeed.
    package var completions: Int
    package var completionMode: CompletionMode
    /// How many pods may fail before the Job has.
    package var backoffLimit: Int
    /// From its start, in seconds.
    package var activeDeadlineSeconds: Int
    /// How long the server keeps it after its end, in seconds.
    package var ttlSecondsAfterFinished: Int
    package var podFailurePolicy: PodFailurePolicy?
    package var podReplacementPolicy: PodReplacementPolicy?
    /// Made but not started: a queueing controller starts it.
    package var suspend: Bool?
    package var template: PodTemplate
}

/// Whether the pods of a Job have numbers.
package enum CompletionMode: String, Codable, Sendable {
    case nonIndexed = "NonIndexed"
    case indexed = "Indexed"
}

/// When a pod that is going away is replaced.
package enum PodReplacementPolicy: String, Codable, Sendable {
    /// Only after it has ended, so that two of them never run at a time.
    case failed = "Failed"
}

/// What a failed pod means to its Job; the first rule that matches decides.
package struct PodFailurePolicy: Codable, Equatable, Sendable {
    package var rules: [Rule]

    /// What is done with pods that have one of the conditions.
    package struct Rule: Codable, Equatable, Sendable {
        package var action: String
        package var onPodConditions: [Condition]
    }

    /// A condition of a pod.
    package struct Condition: Codable, Equatable, Sendable {
        package var type: String
        package var status: String
    }

    /// A pod that was evicted, preempted or lost with its node ends the Job at once and is not replaced: the next attempt is ours to make.
    package static let neverReplace = PodFailurePolicy(rules: [
        Rule(action: "FailJob", onPodConditions: [Condition(type: "DisruptionTarget", status: "True")])
    ])
}
