import API
import BFFClient
import Deployment
import FoundationEssentials
import Glibc
import JobRunner
import Runtime

/// Does to a stack what faults say. What it stops it lets go on, what it starts it ends.
struct Injector: Sendable {
    let stack: ChaosStack
    let load: Load

    /// How long a paused service stands still: longer than its lease, and than others need to notice.
    private static let standstill = ChaosStack.lease * 2.5

    /// Injects one fault; returns when it is over (a killed service may not be back yet).
    ///
    /// - Returns: what was done, in more detail than the fault itself knew.
    func inject(_ fault: Fault) async throws -> String {
        switch fault.kind {
        case .kill: return signal(SIGKILL, try await oneThatRuns(fault))
        case .killAll: return signal(SIGKILL, LocalStack.services)
        case .terminate: return signal(SIGTERM, try await oneThatRuns(fault))
        case .pause: return try await pause(oneThatRuns(fault))
        case .pauseAll: return try await pause(LocalStack.services)
        case .powerCut:
            let done = signal(SIGKILL, LocalStack.services, withSupervisor: true)
            try await stack.baictl("up", failPoints: fault.failPoints)
            return done
        case .orphan:
            let done = signal(SIGKILL, [], withSupervisor: true)
            try await stack.baictl("up")
            return done
        case .vanish: return vanish(fault.choice)
        case .twin: return try await twin(fault)
        case .again: return try await again(fault.service)
        case .downUp, .forget: return try await downUp(fault)
        case .cancel: return await cancel(fault.choice)
        }
    }

    /// The service that the fault is for, if it runs now, else another: one that was just killed waits before it is started again.
    private func oneThatRuns(_ fault: Fault) async throws -> [String] {
        let end = ContinuousClock.now + .seconds(15)
        while ContinuousClock.now < end {
            let running = stack.services().map(\.name)
            if running.contains(fault.service) { return [fault.service] }
            if !running.isEmpty { return [running[Int(fault.choice % UInt64(running.count))]] }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw ChaosError("no service came back within 15 s")
    }

    /// Sends a signal to the services that run.
    private func signal(_ number: Int32, _ services: [String], withSupervisor: Bool = false) -> String {
        var done: [String] = []
        // First, or it would start again what is killed.
        if withSupervisor, let processID = stack.supervisorProcessID {
            kill(processID, number)
            done.append("supervisor \(processID)")
        }
        for state in stack.services() where services.contains(state.name) {
            guard let processID = state.processID else { continue }
            kill(processID, number)
            done.append("\(state.name) \(processID)")
        }
        return done.isEmpty ? "nothing ran" : done.joined(separator: ", ")
    }

    private func pause(_ services: [String]) async throws -> String {
        let paused = stack.services().filter { services.contains($0.name) }.compactMap(\.processID)
        for processID in paused { kill(processID, SIGSTOP) }
        // Nothing may be left standing, also when the campaign is broken off.
        defer { for processID in paused { kill(processID, SIGCONT) } }
        try await Task.sleep(for: Injector.standstill)
        return "\(paused.count) stood still for \(Injector.standstill)"
    }

    /// Kills the supervisor of one attempt; its benchmark goes on until somebody ends what is left.
    private func vanish(_ choice: UInt64) -> String {
        let running = stack.attemptSupervisors()
        guard !running.isEmpty else { return "no attempt ran" }
        let victim = running[Int(choice % UInt64(running.count))]
        kill(victim.process.processID, SIGKILL)
        return "attempt \(victim.attempt)"
    }

    private func twin(_ fault: Fault) async throws -> String {
        var environment = try stack.environment()
        environment["BAI_INSTANCE"] = "twin"
        let child = try start(fault.service, environment)
        try await Task.sleep(for: .milliseconds(500 + Int(fault.choice % 1500)))
        let number = fault.choice.isMultiple(of: 2) ? SIGKILL : SIGTERM
        kill(child.processID, number)
        let exit = try await child.wait().exit
        guard number == SIGKILL || exit == .code(0) else {
            throw ChaosError("the second \(fault.service) ended with \(exit) after SIGTERM")
        }
        return number == SIGKILL ? "killed" : "ended in peace"
    }

    private func again(_ service: String) async throws -> String {
        guard stack.processID(of: service) != nil else { return "it did not run" }
        let child = try start(service, try stack.environment())
        let end = ContinuousClock.now + .seconds(3)
        let exit = Locked<ChildProcess.Exit?>(nil)
        let waiting = Task {
            let code = try await child.wait().exit; exit.withLock { $0 = code }
        }
        while exit.withLock({ $0 }) == nil, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(20))
        }
        // It may have found the place empty, where the first was killed a moment ago: then it is one too many once that is back, or the service.
        if exit.withLock({ $0 }) == nil { kill(child.processID, SIGTERM) }
        try await waiting.value
        return "ended with \(exit.withLock { $0 }.map { "\($0)" } ?? "-")"
    }

    private func start(_ service: String, _ environment: [String: String]) throws -> ChildProcess {
        let log = open("\(stack.folder)/seconds.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(log) }
        return try ChildProcess.start(
            ChildProcess.Setup(
                program: ProgramFolder.program(service), environment: environment, standardOutput: log,
                standardError: log))
    }

    private func downUp(_ fault: Fault) async throws -> String {
        try await stack.baictl("down")
        if fault.kind == .forget {
            for suffix in ["", "-wal", "-shm"] { unlink("\(stack.installation.readModelFile)\(suffix)") }
        }
        try await stack.baictl("up", failPoints: fault.failPoints)
        return fault.kind == .forget ? "without its read model" : "down and up"
    }

    private func cancel(_ choice: UInt64) async -> String {
        guard let run = await load.runToCancel(choice) else { return "nothing ran" }
        do {
            try await stack.client.cancel(
                run, CancelRequest(reason: "chaos", force: choice.isMultiple(of: 3)))
            return "run \(run)"
        } catch {
            // Whether it was taken is not known: it counts as asked for.
            return "run \(run), answered with \(error.code)"
        }
    }
}
