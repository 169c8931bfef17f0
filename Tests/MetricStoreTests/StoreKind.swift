import Testing
import MetricStore
import TestSupport

/// The implementations that the contract is run over.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite

    var testDescription: String { rawValue }

    /// Runs `body` with an empty store of this kind.
    func withStore(_ body: (any MetricStore) async throws -> Void) async throws {
        switch self {
        case .sqlite:
            let folder = try TemporaryFolder()
            let store = try SQLiteMetricStore(path: folder.file("store.db"))
            try await body(store)
            await store.close()
        }
    }
}
