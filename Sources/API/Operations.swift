package import Events
package import Runtime

/// What `GET /v1/health` answers.
package struct HealthReport: Codable, Equatable, Sendable {
    /// `ok`, or `degraded` with the problems.
    package var status: String
    package var version: String
    /// How many records each service has yet to take, by service.
    package var lag: [String: Int64]
    package var problems: [String]

    package init(status: String, version: String, lag: [String: Int64] = [:], problems: [String] = []) {
        self.status = status
        self.version = version
        self.lag = lag
        self.problems = problems
    }
}

/// What `GET /v1/version` answers.
package struct VersionReport: Codable, Equatable, Sendable {
    package var version: String
    package var api: String

    package init(version: String, api: String) {
        self.version = version
        self.api = api
    }
}

/// A dead letter as `GET /v1/deadletters` lists it.
package struct DeadLetterEntry: Codable, Equatable, Sendable {
    /// `partition-offset` in topic `deadletter`: what `replay` takes.
    package var id: String
    package var time: Timestamp
    package var letter: DeadLetter
    /// When its record was published again; absent while it was not.
    package var replayed: Timestamp?

    package init(id: String, time: Timestamp, letter: DeadLetter, replayed: Timestamp? = nil) {
        self.id = id
        self.time = time
        self.letter = letter
        self.replayed = replayed
    }
}
