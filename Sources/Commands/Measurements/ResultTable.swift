internal import Events

/// Results as tables show them.
enum ResultTable {
    static func table(_ results: [ResultComputed]) -> Table {
        let rows = results.sorted { $0.series.metric < $1.series.metric }.map { result in
            [
                Table.Cell(result.series.metric), Table.Cell(Words.number(result.median)),
                Table.Cell(
                    result.interval.map { "\(Words.number($0.low)) … \(Words.number($0.high))" } ?? "-"),
                Table.Cell(Words.number(result.mean)), Table.Cell(result.series.unit ?? "-"),
                Table.Cell("\(result.samples.count)"), Table.Cell("\(result.pointCount)"),
                result.isValid
                    ? Table.Cell("yes", .green)
                    : Table.Cell("no: \(result.problems.joined(separator: "; "))", .red),
            ]
        }
        return Table(
            header: ["METRIC", "MEDIAN", "95 % INTERVAL", "MEAN", "UNIT", "SAMPLES", "POINTS", "VALID"],
            rows: rows,
            numbers: [1, 3, 5, 6])
    }
}
