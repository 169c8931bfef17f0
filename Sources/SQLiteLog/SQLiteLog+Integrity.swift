package import MessageLog

extension SQLiteLog {
    package func checkIntegrity() async throws(MessageLogError) -> IntegrityReport {
        try await LogInspection(file, counters).report()
    }

    /// Checks the log at `path` without opening it for work, also where `open` refuses it: what it would refuse is among the problems.
    package static func check(_ path: String) async throws(MessageLogError) -> IntegrityReport {
        try await LogInspection(path).report()
    }
}
