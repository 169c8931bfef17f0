internal import Descriptors
internal import Events

/// The points of a run, gathered by what becomes one result.
struct Measurements {
    /// A metric, told apart by the labels that the descriptor wants told apart.
    struct Quantity: Hashable, Comparable {
        var metric: String
        var labels: [String: String]

        static func < (left: Quantity, right: Quantity) -> Bool {
            (left.metric, left.labels.sorted { $0.key < $1.key }.description)
                < (right.metric, right.labels.sorted { $0.key < $1.key }.description)
        }
    }

    /// What was measured of one quantity.
    struct Gathered {
        /// The finite values, by attempt.
        var values: [Int: [Double]] = [:]
        var units: Set<String> = []
        /// How many values are no finite numbers.
        var unusable = 0

        var pointCount: Int64 { Int64(values.values.reduce(0) { $0 + $1.count } + unusable) }
    }

    private(set) var gathered: [Quantity: Gathered] = [:]
    /// The names of the labels that tell series apart, by metric.
    private let labelNames: [String: [String]]

    init(_ descriptor: Descriptor) {
        labelNames = descriptor.declaredMetrics.mapValues(\.labels)
    }

    mutating func add(_ point: MetricPoint, attempt: Int) {
        let names = labelNames[point.name] ?? []
        let labels = names.isEmpty ? [:] : point.labels.filter { names.contains($0.key) }
        let quantity = Quantity(metric: point.name, labels: labels)
        if let unit = point.unit, !unit.isEmpty { gathered[quantity, default: Gathered()].units.insert(unit) }
        if point.value.isFinite {
            gathered[quantity, default: Gathered()].values[attempt, default: []].append(point.value)
        } else {
            gathered[quantity, default: Gathered()].unusable += 1
        }
    }
}

extension Descriptor {
    /// What the descriptor says of metrics, by name; the benchmark's own come before the server's.
    var declaredMetrics: [String: Metric] {
        let all = (output?.metrics ?? []) + (server?.output?.metrics ?? [])
        return Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
