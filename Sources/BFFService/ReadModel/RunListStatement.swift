internal import API

/// The statement that lists runs.
enum RunListStatement {
    /// The columns of a run as `Reading.summary` takes them.
    static let columns = """
        id, name, status, reason, message, attempt, labels, parameters, sweep, submitted, since, username, rank
        """

    /// The statement for `query`, with thirteen parameters: statuses, labels, names of labels, name, sweep, user, since, until, words, the three
    /// parts of the cursor, and the number of rows.
    ///
    /// A filter that is not asked for still names its parameter, in a condition that holds for every run: the parameters are the same whatever
    /// is asked, and SQLite plans the statement for what is.
    static func text(for query: RunQuery) -> String {
        let isContinued = query.cursor != nil
        let conditions = [
            statusCondition(query.statuses.count), labelCondition(query.labels.count),
            query.name == nil ? "?4 IS NULL" : "name = ?4",
            query.sweep == nil ? "?5 IS NULL" : "sweep = ?5",
            query.username == nil ? "?6 IS NULL" : "username = ?6",
            query.since == nil ? "?7 IS NULL" : "submitted >= ?7",
            query.until == nil ? "?8 IS NULL" : "submitted < ?8",
            query.text == nil ? "?9 IS NOT NULL" : wordCondition,
            isContinued ? "(submitted, rank, id) < (?10, ?11, ?12)" : "coalesce(?10, ?11, ?12) IS NULL",
        ]
        return """
            SELECT \(columns) FROM runs
            WHERE submitted IS NOT NULL AND \(conditions.joined(separator: " AND "))
            ORDER BY submitted DESC, rank DESC, id DESC LIMIT ?13
            """
    }

    /// One status is looked up in the index, in which its runs are in the order of the list; several are picked out of all.
    private static func statusCondition(_ count: Int) -> String {
        switch count {
        case 0: "?1 IS NOT NULL"
        case 1: "status = json_extract(?1, '$[0]')"
        default: "+status IN (SELECT value FROM json_each(?1))"
        }
    }

    private static func labelCondition(_ count: Int) -> String {
        if count == 0 { return "?2 IS NOT NULL AND ?3 IS NOT NULL" }
        return """
            id IN (SELECT l.run FROM json_each(?2) AS wanted JOIN labels AS l
                ON l.name = wanted.key AND l.value = wanted.value
                GROUP BY l.run HAVING count(*) = json_array_length(?3))
            """
    }

    /// Every word is somewhere in what a run says of itself.
    private static let wordCondition = """
        NOT EXISTS (SELECT 1 FROM json_each(?9) AS word WHERE
            instr(lower(name || ' ' || description || ' ' || message || ' ' || runs.id), word.value) = 0)
        """
}
