package import Events
package import ObjectStore
package import Runtime
package import ServiceLoop

/// The service that has all that a run needs in the object store before its first attempt.
///
/// The rules are in `FetcherRules`; fetching itself, with retries, digests and one download for many, is the store's.
package struct Fetcher: Subject {
    package typealias State = FetcherState
    package typealias Effect = FetcherEffect
    package typealias Signal = FetcherSignal

    package let name = "fetcher"
    package let inputs: [Topic] = [.runs, .commands, .status]

    private let rules = FetcherRules()
    private let store: any ObjectStore
    private let secrets: SecretFolder
    private let time: any TimeSource
    private let output: StructuredLog
    private let fetching = BackgroundWork()
    /// Between two tries while the store's own disk cannot be written.
    private let backoff = Backoff(first: .milliseconds(500), most: .seconds(30))

    /// - Parameter secrets: those that addresses may name.
    package init(
        store: any ObjectStore, secrets: SecretFolder = .empty, time: any TimeSource = SystemTime(),
        output: StructuredLog? = nil
    ) {
        self.store = store
        self.secrets = secrets
        self.time = time
        self.output = output ?? StructuredLog(service: "bai-fetcher")
    }

    package func decide(
        _ input: Input<FetcherSignal>, key: String, state: FetcherState?, now: Timestamp
    ) throws -> Decision<FetcherState, FetcherEffect> {
        try rules.decide(input, state: state, now: now)
    }

    package func perform(_ effects: [KeyedEffect<FetcherEffect>], signals: Signals<FetcherSignal>)
        async throws
    {
        for effect in effects {
            // What was started for the run before a restart of the effect gives way to it.
            fetching.cancel(effect.key)
            guard case .fetch(let run) = effect.effect else { continue }
            let key = effect.key
            fetching.start(key) {
                if let signal = await self.fetch(run, key: key) { signals.send(signal, for: key) }
            }
        }
    }

    package func release(_ keys: [String]) async {
        for key in keys { fetching.cancel(key) }
    }

    /// Fetches all that the run needs; nil when nobody wants it any more.
    private func fetch(_ run: RunSubmitted, key: String) async -> FetcherSignal? {
        do {
            let contents = try await withThrowingTaskGroup(of: (Int, FetchedContent).self) { group in
                for (index, request) in ContentRequest.all(of: run).enumerated() {
                    group.addTask {
                        let source = try request.source.revealed(by: self.secrets)
                        return (index, request.content(try await self.fetchPatiently(source, key: key)))
                    }
                }
                return try await group.reduce(into: [Int: FetchedContent]()) { $0[$1.0] = $1.1 }
            }
            return .fetched(contents.sorted { $0.key < $1.key }.map(\.value))
        } catch let error as ObjectStoreError {
            if error.code == .canceled || Task.isCancelled { return nil }
            return .failed(Reason(error.code.rawValue), error.message)
        } catch let error as SecretError {
            return .failed(.secretUnavailable, error.message)
        } catch {
            return nil
        }
    }

    /// Fetches one content; waits for as long as the store itself cannot be written. The run's deadline ends that.
    private func fetchPatiently(_ source: Source, key: String) async throws -> StoredObject {
        var failures = 0
        while true {
            do {
                return try await store.fetch(source)
            } catch {
                guard error.isTransient else { throw error }
                failures += 1
                output.warning(
                    "the object store cannot be written, trying again",
                    ["run.id": key, "error": error.message])
                try await time.sleep(for: backoff.delay(after: failures))
            }
        }
    }
}
