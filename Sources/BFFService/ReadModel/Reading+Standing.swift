internal import Events
internal import SQLite

/// What a run's pods may still do.
enum RunStanding: Equatable {
    case unknown
    /// Not over yet: collecting too.
    case going
    case over(RunStatus)
    case deleted
}

extension Reading {
    /// How the run with this whole id stands.
    func standing(of id: String) throws(SQLiteError) -> RunStanding {
        let text = try database.first(
            "SELECT status FROM runs WHERE id = ? AND submitted IS NOT NULL", id, row: { $0.text(0) })
        if let text {
            let status = try status(text)
            return status.isFinal ? .over(status) : .going
        }
        let deleted = try database.first("SELECT run FROM deleted WHERE run = ?", id, row: { $0.text(0) })
        return deleted == nil ? .unknown : .deleted
    }

    /// The content with this digest that a run was fetched with; nil when there is none.
    func fetched(by id: String, _ sha256: String) throws(SQLiteError) -> FetchedContent? {
        let lists: [[FetchedContent]] = try values("SELECT value FROM contents WHERE run = ?", id)
        return lists.joined().first { $0.sha256 == sha256 }
    }
}
