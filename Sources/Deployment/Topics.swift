internal import Events
package import MessageLog

/// The topics of an installation and how long each keeps what it holds.
package enum Topics {
    /// How many partitions every topic has. Four is enough for one machine, where a service has one instance; see docs/operations.md before changing it.
    package static let partitions = 4

    /// The services that keep state of their own in the log.
    package static let statefulServices = ["fetcher", "executor", "watcher", "metrics-pusher", "analyzer"]

    /// All topics. Metrics and log lines are in the store within seconds, so the log keeps them for a week only; what the read model is rebuilt
    /// from stays for good.
    package static func all(partitions: Int = partitions) -> [TopicConfiguration] {
        let events = Topic.allCases.map { topic in
            TopicConfiguration(name: topic.rawValue, partitions: partitions, cleanup: cleanup(of: topic))
        }
        let states = statefulServices.map {
            TopicConfiguration(name: Topic.state(of: $0), partitions: partitions, cleanup: .compact)
        }
        return events + states
    }

    private static func cleanup(of topic: Topic) -> TopicConfiguration.Cleanup {
        switch topic {
        case .metrics, .logs: .delete(after: .seconds(7 * 24 * 3600))
        case .runs, .commands, .fetched, .jobs, .status, .results, .alarms, .deadletter: .delete(after: nil)
        }
    }
}
