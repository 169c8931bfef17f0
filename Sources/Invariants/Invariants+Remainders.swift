internal import Events
internal import JSON

extension Invariants {
    /// What is left of runs that have ended, and of an installation that is down.
    static func remainders(_ evidence: Evidence, _ history: LogHistory) -> [Violation] {
        var found = evidence.leftovers.map {
            Violation(.nothingLeftOver, $0.kind.rawValue, $0.what)
        }
        for (service, states) in history.states {
            for (key, state) in states {
                guard let held = held(by: service, state) else { continue }
                // Series have no end; what is in hand for a run that goes on is as it should be.
                let isOver = service == "analyzer" || history.runs[key]?.end != nil
                if isOver { found.append(Violation(.nothingInHand, "\(service) \(key)", held)) }
            }
        }
        return found
    }

    /// What a service's state says it has yet to do; nil where that is nothing.
    private static func held(by service: String, _ stored: JSONValue) -> String? {
        let state = stored["state"]
        switch service {
        case "fetcher": return state?["fetching"].map { _ in "is still fetching" }
        case "executor":
            if state?["active"] != nil { return "still has it active" }
            let ended = state?["ended"]?["_0"]
            if ended?["unstopped"] != nil { return "still waits for an attempt to end" }
            return ended?["isDeleting"] == true ? "still removes what its attempts left" : nil
        case "watcher": return state?["active"].map { _ in "still watches it" }
        case "metrics-pusher": return "still collects it"
        case "analyzer":
            let waiting = state?["deliveries"]?.array?.count ?? 0
            return waiting > 0 ? "\(waiting) notices are not delivered" : nil
        default: return nil
        }
    }
}
