import FoundationEssentials
import Testing

/// What NumPy, SciPy, statsmodels and the peers themselves say; the scripts that made the files stand beside them.
enum Golden {
    static func read<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name)))
    }
}

/// The content of statistics.json.
struct GoldenStatistics: Decodable {
    struct Limits: Decodable {
        var model: String
        var size: Double
        var values: [Double]
        var baseline: Double
        var below: Double
        var above: Double
    }

    struct Pair: Decodable {
        var first: [Double]
        var second: [Double]
        var t: Double
        var freedom: Double
        var p: Double
        var low: Double
        var high: Double
        var g: Double
        var superiority: Double
        var shift: Double
        var shift_interval: [Double]?
    }

    struct Corrections: Decodable {
        var p: [Double]
        var holm: [Double]
        var benjamini_hochberg: [Double]
    }

    /// Each row is what is put in, and last what comes out.
    var normal: [[Double]]
    var t_quantiles: [[Double]]
    var t_tails: [[Double]]
    var f_tails: [[Double]]
    var limits: [Limits]
    var pairs: [Pair]
    var corrections: [Corrections]

    static func read() throws -> GoldenStatistics {
        try Golden.read("statistics.json", as: GoldenStatistics.self)
    }
}
