package import Events
package import PodContract

/// All that an attempt's objects follow from, beside the installation's settings.
package struct AttemptRequest: Equatable, Sendable {
    package var runID: String
    package var attempt: Attempt
    package var run: RunSubmitted
    package var contents: [FetchedContent]
    package var client: Client
    /// The schedule, suite or sweep that made the run.
    package var parentID: String?
    /// What the attempt's pods prove with that they may deliver for this run; nil where they deliver nothing to the API.
    package var token: String?
    /// The installation's secrets that the descriptor names, with their values.
    package var secrets: [String: String]

    /// Who submitted the run.
    package typealias Client = PodOrder.Client

    package init(
        runID: String, attempt: Attempt, run: RunSubmitted, contents: [FetchedContent], client: Client,
        parentID: String? = nil, token: String? = nil, secrets: [String: String] = [:]
    ) {
        self.runID = runID
        self.attempt = attempt
        self.run = run
        self.contents = contents
        self.client = client
        self.parentID = parentID
        self.token = token
        self.secrets = secrets
    }

    /// From the run's record: client and parent are those of its envelope.
    package init(
        runID: String, attempt: Attempt, run: RunSubmitted, contents: [FetchedContent], origin: Event,
        token: String? = nil, secrets: [String: String] = [:]
    ) {
        self.init(
            runID: runID, attempt: attempt, run: run, contents: contents,
            client: Client(
                id: origin.clientID, version: origin.clientVersion, username: origin.clientUsername),
            parentID: origin.parentActionID, token: token, secrets: secrets)
    }
}
