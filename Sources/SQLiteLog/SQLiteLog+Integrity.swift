package import MessageLog

extension SQLiteLog {
    package func checkIntegrity() async throws(MessageLogError) -> IntegrityReport {
        try await LogInspection(file, counters).report()
    }
}
