import Deployment
import Detection
import Runtime

/// The kinds of faults there are.
enum FaultKind: String, CaseIterable {
    /// SIGKILL to one service.
    case kill
    /// SIGKILL to all services at once; their supervisor starts them again.
    case killAll = "kill-all"
    /// SIGKILL to everything, the supervisor of the services too, and `baictl up`.
    case powerCut = "power-cut"
    /// SIGKILL to the supervisor alone, and `baictl up`, which adopts the services.
    case orphan
    /// SIGSTOP for longer than the lease, then SIGCONT.
    case pause
    /// The same to all services at once.
    case pauseAll = "pause-all"
    /// SIGTERM to one service.
    case terminate
    /// SIGKILL to the supervisor of an attempt that runs.
    case vanish
    /// A second instance beside a service, ended or killed after a while.
    case twin
    /// A service started again by mistake: it must refuse.
    case again
    /// `baictl down`, with attempts cut short, and `baictl up` with other fail points.
    case downUp = "down-up"
    /// The same with the read model deleted in between.
    case forget
    /// A run canceled by its user.
    case cancel
}

/// A fault to inject.
struct Fault: CustomStringConvertible {
    var kind: FaultKind
    /// Which service it is for, where it is for one.
    var service: String
    /// A number to choose by, where there is something to choose that is not known before.
    var choice: UInt64
    /// What the services are told to fail at, where they are started anew.
    var failPoints: String
    /// How long to wait before the next one.
    var pause: Duration

    /// The next fault of a campaign; it follows from the generator alone.
    static func next(of kinds: [FaultKind], using generator: inout SplitMix64) -> Fault {
        let kind = kinds.randomElement(using: &generator) ?? .kill
        let services = kind == .twin ? LocalStack.services.filter { $0 != "bai-bff" } : LocalStack.services
        return Fault(
            kind: kind, service: services.randomElement(using: &generator) ?? services[0],
            choice: generator.next(), failPoints: failPoints(using: &generator),
            pause: .milliseconds(Int.random(in: 0...800, using: &generator)))
    }

    var description: String {
        switch kind {
        case .kill, .pause, .terminate, .twin, .again: "\(kind.rawValue) \(service)"
        case .downUp, .forget, .powerCut: "\(kind.rawValue), then fail at \(failPoints)"
        case .killAll, .orphan, .pauseAll, .vanish, .cancel: kind.rawValue
        }
    }

    /// Some points of some services, each with something to happen there.
    private static func failPoints(using generator: inout SplitMix64) -> String {
        let points = [
            "before-take", "after-take", "before-effect", "after-effect", "before-commit", "after-commit",
        ]
        let actions = ["kill", "exit=3", "pause=1500", "error"]
        let subjects = LocalStack.services.map { $0.dropFirst("bai-".count) }
        let agents = [
            "agent.before-start", "agent.after-start", "agent.after-outcome", "agent.before-publish",
        ]
        var words = (0..<3).map { _ in
            let subject = subjects.randomElement(using: &generator) ?? "executor"
            let point = points.randomElement(using: &generator) ?? points[0]
            let action = actions.randomElement(using: &generator) ?? actions[0]
            return "\(subject).\(point):\(action)@\(Int.random(in: 1...9, using: &generator))"
        }
        words.append("\(agents.randomElement(using: &generator) ?? agents[0]):kill")
        return words.joined(separator: ",")
    }
}
