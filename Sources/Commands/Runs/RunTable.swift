internal import API
internal import Events
internal import JSON
internal import Runtime

/// Runs as the lists show them.
enum RunTable {
    static func listing(_ runs: [RunSummary], now: Timestamp) throws -> Listing {
        Listing(
            items: try runs.map { try JSONCoding.tree($0) }, names: runs.map(\.id),
            table: Table(
                header: ["ID", "NAME", "STATUS", "ATTEMPT", "AGE", "TOOK", "MESSAGE"],
                rows: runs.map { row($0, now: now) }, numbers: [3, 4, 5]),
            emptyNote: "There are no runs. Start one with `baictl run benchmark --descriptor=FILE`.")
    }

    private static func row(_ run: RunSummary, now: Timestamp) -> [Table.Cell] {
        [
            Table.Cell(Words.short(run.id)), Table.Cell(name(run)),
            Table.Cell(run.status.rawValue, Words.color(of: run.status)),
            Table.Cell(run.attempt > 0 ? "\(run.attempt)" : "-"),
            Table.Cell(Words.age(of: run.submitted, now: now)),
            Table.Cell(run.finished.map { Words.took($0 - run.submitted) } ?? "-"),
            Table.Cell(message(run)),
        ]
    }

    /// The benchmark's name, with the matrix's values where the run is one of a sweep.
    static func name(_ run: RunSummary) -> String {
        if run.parameters.isEmpty { return run.name }
        let values = run.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\(text($0.value))" }
        return "\(run.name)[\(values.joined(separator: ","))]"
    }

    static func message(_ run: RunSummary) -> String {
        guard let position = run.position, run.status == .queued else { return run.message }
        return "\(run.message) (\(position) ahead)"
    }

    private static func text(_ value: JSONValue) -> String {
        value.string ?? (try? JSONCoding.text(value)) ?? ""
    }
}
