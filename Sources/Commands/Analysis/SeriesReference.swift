internal import API
internal import BFFClient
internal import Descriptors
internal import Events
internal import FoundationEssentials

/// A series of the installation, named by its id.
struct SeriesReference {
    private let id: String

    /// nil for a word that is no series' id, or the name of a file that is there.
    init?(_ word: String) {
        guard word.utf8.count == 16, word.allSatisfy({ $0.isHexDigit }),
            !FileManager.default.fileExists(atPath: word)
        else { return nil }
        id = word.lowercased()
    }

    /// Its valid results, oldest first, and which way is better.
    func read(_ context: CommandContext) async throws -> NamedSeries {
        var results: [ResultComputed] = []
        var cursor: String?
        var name = id
        repeat {
            let page = try await context.client.series(id, limit: SeriesReference.pageSize, cursor: cursor)
            results += page.results
            cursor = page.next
            name = "\(page.series.benchmark) \(page.series.metric)"
        } while cursor != nil
        let valid = results.reversed().filter(\.isValid)
        return NamedSeries(
            name: name, values: valid.map(\.median), runs: valid.map { Words.short($0.run) },
            direction: valid.last?.direction ?? .none)
    }

    private static let pageSize = 1000
}
