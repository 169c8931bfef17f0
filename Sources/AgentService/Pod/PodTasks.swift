internal import Descriptors
internal import Events
internal import Glibc
internal import JobRunner
package import PodContract
internal import Runtime

/// What the agent's own containers do in a pod, beside `collect`. Each ends with 0, or with a report and one of `PodReport.ExitCode`.
package enum PodTasks {
    /// Fetches a pod's contents to their places.
    package typealias ContentFetcher = (PodOrder) throws(Refusal) -> Void
    /// Whether the server that a client waits for is ready now.
    package typealias ReadinessProbe = (PodOrder.Awaited) -> Bool

    /// `bai-agent pull`, first part: makes the shared folder and copies the agent.
    package static func prepare(host: PodHost) -> Int32 {
        perform(.pull, host) { order in
            do throws(SystemError) {
                try AgentCopy.prepare(order, host.folders)
                if order.isWrapped { try AgentCopy.install(host.folders) }
            } catch {
                throw Refusal(
                    .startFailed, "the pod's folder cannot be made: \(error)", failure: .infrastructure)
            }
        }
    }

    /// `bai-agent pull`, second part.
    package static func pull(host: PodHost, _ fetch: ContentFetcher) -> Int32 {
        perform(.pull, host) { order in try fetch(order) }
    }

    /// `bai-agent barrier`: waits until all pods of the group are there.
    package static func barrier(host: PodHost) -> Int32 {
        AgentWakers.holdSignals()
        return perform(.barrier, host) { order in
            guard let barrier = order.barrier else { return }
            try Barrier(
                barrier, order, node: host.nodeNumber, wakers: try AgentWakers(names: host.folders.root)
            ).pass()
        }
    }

    /// How long to wait between two questions.
    private static let interval = Duration.milliseconds(250)

    /// `bai-agent await`: waits until the server is ready.
    ///
    /// - Parameter probe: asked for servers whose readiness is an answer to a request.
    package static func await(host: PodHost, probe: ReadinessProbe) -> Int32 {
        AgentWakers.holdSignals()
        return perform(.await, host) { order in
            guard let awaited = order.awaited else { return }
            let wakers = try AgentWakers(names: host.folders.root)
            let deadline = ContinuousClock.now + awaited.timeout.duration
            while !(awaited.path == nil ? isListening(awaited) : probe(awaited)) {
                guard .now < deadline else { throw lateness(awaited) }
                if wakers.wait(until: .now + interval).wasSignaled {
                    throw AttemptEnd.stoppedBefore(StopRequest(grace: .seconds(0), reason: .interrupted))
                }
            }
        }
    }

    private static func isListening(_ server: PodOrder.Awaited) -> Bool {
        guard let connection = Sockets.connect(server.host, port: server.port, patience: .seconds(1)) else {
            return false
        }
        close(connection)
        return true
    }

    /// The server is the benchmark's.
    private static func lateness(_ awaited: PodOrder.Awaited) -> Refusal {
        let place = "\(awaited.host):\(awaited.port)\(awaited.path ?? "")"
        return Refusal(
            .readyTimeout, "the server was not ready within \(awaited.timeout): \(place)", failure: .benchmark
        )
    }

    private static func perform(
        _ task: PodReport.Task, _ host: PodHost, _ body: (PodOrder) throws -> Void
    ) -> Int32 {
        do {
            try body(try host.folders.readOrder())
            return 0
        } catch {
            return host.fail(task, error)
        }
    }
}
