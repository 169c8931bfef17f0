internal import BFFClient
internal import Deployment
internal import Runtime

extension CommandContext {
    /// How long a service that does not answer may take to come back: its supervisor starts it again within a second or two.
    private static let patience = Duration.seconds(15)

    /// Calls the API, again while nobody answers. Only for calls that are safe to repeat.
    func patiently<Answer>(_ call: () async throws -> Answer) async throws -> Answer {
        let deadline = ContinuousClock.now + CommandContext.patience
        let backoff = Backoff(first: .milliseconds(50), most: .seconds(1))
        var failures = 0
        while true {
            do {
                return try await call()
            } catch let error as BFFClientError
                where error.isTransient && ContinuousClock.now < deadline
            {
                // Services that nobody has started do not come back; nor does a server that nobody reaches, as far as anybody here can tell.
                guard isLocal ? stack.supervisorProcessID != nil : error.isRefusal else { throw error }
                failures += 1
                terminal.progress("trying again: \(error.message)")
                try await time.sleep(for: backoff.delay(after: failures))
            }
        }
    }
}
