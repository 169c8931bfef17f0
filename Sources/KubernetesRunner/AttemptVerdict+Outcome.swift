internal import Events
internal import JSON
internal import KubernetesObjects
internal import Runtime

extension AttemptVerdict {
    /// The attempt's outcome: the verdict, with what agents and kubelets say of the pods.
    func outcome(of view: AttemptView, at now: Timestamp) -> AttemptOutcome {
        let pods = view.judged
        let reports = pods.compactMap { $0.main?.report?.outcome }
        let ends = pods.compactMap { $0.main?.end }
        var outcome = AttemptOutcome(
            status: status, reason: reason, message: message, failure: blame,
            exitCode: status == .succeeded ? 0 : exitCode, signal: signal,
            started: (reports.compactMap(\.started) + pods.compactMap { $0.main?.started }).min(),
            finished: min((reports.map(\.finished) + ends.compactMap(\.finished)).max() ?? now, now))
        add(reports, of: pods, to: &outcome)
        outcome.environment.merge(AttemptVerdict.facts(pods)) { $1 }
        if view.decisive?.neverStarted != nil { (outcome.metricCount, outcome.logCount) = (0, 0) }
        return outcome
    }

    private func add(
        _ reports: [AttemptOutcome], of pods: [PodView], to outcome: inout AttemptOutcome
    ) {
        func sum<Number: AdditiveArithmetic>(_ member: (AttemptOutcome) -> Number?) -> Number? {
            let values = reports.compactMap(member)
            return values.isEmpty ? nil : values.reduce(.zero, +)
        }
        outcome.cpuSeconds = sum(\.cpuSeconds)
        outcome.peakMemory = reports.compactMap(\.peakMemory).max()
        outcome.droppedMetrics = sum(\.droppedMetrics)
        // A count without one of the pods would be held against what that one has delivered.
        if reports.count == pods.count {
            outcome.metricCount = reports.allSatisfy { $0.metricCount != nil } ? sum(\.metricCount) : nil
            outcome.logCount = reports.allSatisfy { $0.logCount != nil } ? sum(\.logCount) : nil
        }
        outcome.environment = (pod?.main?.report?.outcome ?? reports.first)?.environment ?? [:]
        for pod in pods {
            for words in pod.main?.report?.outcome.disturbances ?? [] {
                outcome.disturbances.append(pods.count > 1 ? "rank \(pod.rank): \(words)" : words)
            }
        }
    }

    /// Where it ran, and of which image: as the cluster knows it.
    private static func facts(_ pods: [PodView]) -> [String: JSONValue] {
        var facts: [String: JSONValue] = [:]
        let nodes = Set(pods.compactMap(\.node)).sorted()
        if !nodes.isEmpty { facts["nodes"] = .string(nodes.joined(separator: ",")) }
        let images = Set(pods.compactMap { $0.main?.imageID }).sorted()
        if !images.isEmpty { facts["image"] = .string(images.joined(separator: ",")) }
        return facts
    }
}
