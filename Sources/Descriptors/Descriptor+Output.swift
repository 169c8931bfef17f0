extension Descriptor {
    /// `[output]`: what is measured.
    package struct Output: Codable, Equatable, Sendable {
        package var metrics: [Metric]

        package init(metrics: [Metric] = []) { self.metrics = metrics }

        package enum CodingKeys: String, CodingKey { case metrics }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            metrics = try keys.value(.metrics, or: [])
        }
    }

    /// One of `[[output.metrics]]`.
    package struct Metric: Codable, Equatable, Sendable {
        package var name: String
        /// Empty when the metric is a plain number, or `emit()` tells.
        package var units: String
        /// A regular expression whose first group is the value, matched against whole lines of standard output; nil where the
        /// benchmark calls `emit()`.
        package var pattern: String?
        package var direction: Direction
        /// Names of the labels given to `emit()` that make series of their own.
        package var labels: [String]

        package init(
            name: String, units: String = "", pattern: String? = nil, direction: Direction = .none,
            labels: [String] = []
        ) {
            self.name = name
            self.units = units
            self.pattern = pattern
            self.direction = direction
            self.labels = labels
        }

        package enum CodingKeys: String, CodingKey { case name, units, pattern, direction, labels }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            name = try keys.decode(String.self, forKey: .name)
            units = try keys.value(.units, or: "")
            pattern = try keys.decodeIfPresent(String.self, forKey: .pattern)
            direction = try keys.value(.direction, or: .none)
            labels = try keys.value(.labels, or: [])
        }
    }

    /// Which way a metric is better.
    package enum Direction: String, Codable, Equatable, Sendable, CaseIterable {
        case lower, higher, none
    }

    /// One of `[[alarms]]`: when the team wants to hear about a metric.
    package struct Alarm: Codable, Equatable, Sendable {
        package var metric: String
        package var above: Double?
        package var below: Double?
        /// A change in the bad direction of at least this size.
        package var regression: Percentage?
        package var severity: Severity
        /// Channels: `log`, `webhook:name`, `slack:channel`, `email:address`.
        package var notify: [String]
        /// Which number of a run's samples is compared with the threshold.
        package var statistic: Statistic

        package init(
            metric: String, above: Double? = nil, below: Double? = nil, regression: Percentage? = nil,
            severity: Severity = .warning, notify: [String] = [], statistic: Statistic = .median
        ) {
            self.metric = metric
            self.above = above
            self.below = below
            self.regression = regression
            self.severity = severity
            self.notify = notify
            self.statistic = statistic
        }

        package enum CodingKeys: String, CodingKey {
            case metric, above, below, regression, severity, notify, statistic
        }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            metric = try keys.decode(String.self, forKey: .metric)
            above = try keys.decodeIfPresent(Double.self, forKey: .above)
            below = try keys.decodeIfPresent(Double.self, forKey: .below)
            regression = try keys.decodeIfPresent(Percentage.self, forKey: .regression)
            severity = try keys.value(.severity, or: .warning)
            notify = try keys.value(.notify, or: [])
            statistic = try keys.value(.statistic, or: .median)
        }
    }

    /// How much an alarm matters.
    package enum Severity: String, Codable, Equatable, Sendable, CaseIterable {
        case warning, critical
    }

    /// A number that stands for a run's samples.
    package enum Statistic: String, Codable, Equatable, Sendable, CaseIterable {
        case median, mean, min, max, last
    }
}
