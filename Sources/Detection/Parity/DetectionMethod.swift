/// How changes are looked for: our own way, or that of a peer, to compare with or to migrate from. The names are those of the configuration.
package enum DetectionMethod: String, Sendable, CaseIterable {
    /// `ChangePointDetector`.
    case robust
    /// `OtavaDetector`, with Otava's defaults.
    case otava
    /// `MongoDBDetector`, with MongoDB's defaults.
    case mongodb
    /// `PerfherderDetector`, with Perfherder's defaults.
    case perfherder

    /// The changes in a series, by their place; nil stands for a run without a value.
    package func changePoints(in values: some Sequence<Double?>) -> [ChangePoint] {
        switch self {
        case .robust: ChangePointDetector.changePoints(in: values)
        case .otava: OtavaDetector().changePoints(in: values)
        case .mongodb: MongoDBDetector().changePoints(in: values)
        case .perfherder: PerfherderDetector().changePoints(in: values)
        }
    }
}
