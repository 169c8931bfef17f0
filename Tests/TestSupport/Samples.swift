package import Descriptors
package import Events
internal import JSON
package import Runtime

extension Event {
    /// An event as the BFF would send it.
    package static func sample<Payload: EventPayload>(
        _ payload: Payload, run: String = "run", messageID: String = "message",
        time: Timestamp = Timestamp(milliseconds: 1_700_000_000_000)
    ) throws -> Event {
        Event(
            messageID: messageID, actionID: run, clientID: "client", clientVersion: "1.0.0",
            clientUsername: "ann", tstamp: time, type: Payload.type,
            payload: try JSONCoding.tree(payload))
    }
}

extension RunSubmitted {
    /// A run of the smallest benchmark, measured as `measurement` says.
    package static func sample(
        _ measurement: Descriptor.Measurement = .init(), name: String = "hello",
        sources: [Descriptor.DataSource] = [], script: String? = nil, directory: String? = nil,
        sweepIndex: Int? = nil, submitted: Timestamp = Timestamp(milliseconds: 1_700_000_000_000)
    ) -> RunSubmitted {
        RunSubmitted(
            name: name,
            descriptor: Descriptor(
                info: .init(description: "a sample"), hardware: .init(instanceType: "local"),
                env: .init(dockerImage: "none"),
                ml: .init(benchmarkCode: "true", script: script.map { .init(script: $0) }),
                data: sources.isEmpty ? nil : .init(sources: sources), run: measurement),
            source: .init(filename: "hello.toml", document: "", sha256: "", directory: directory),
            sweep: sweepIndex.map { Sweep(id: "sweep", index: $0, count: 9) }, requestDigest: "",
            submitted: submitted)
    }
}

extension AttemptOutcome {
    /// How an attempt ended, at `finished`.
    package static func sample(
        _ status: RunStatus = .succeeded, failure: Descriptor.FailureClass? = nil,
        finished: Timestamp = Timestamp(milliseconds: 1_700_000_001_000)
    ) -> AttemptOutcome {
        switch status {
        case .succeeded:
            AttemptOutcome(status: status, reason: .completed, message: "exit code 0", finished: finished)
        case .canceled:
            AttemptOutcome(status: status, reason: .canceledByUser, message: "stopped", finished: finished)
        case .timedOut:
            AttemptOutcome(
                status: status, reason: .runTimeout, message: "ran too long", failure: failure ?? .benchmark,
                finished: finished)
        default:
            AttemptOutcome(
                status: status, reason: failure == .infrastructure ? .vanished : .exitCode,
                message: failure == .infrastructure ? "vanished" : "exit code 3",
                failure: failure ?? .benchmark, finished: finished)
        }
    }
}
