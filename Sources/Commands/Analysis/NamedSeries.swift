internal import Descriptors
internal import Events

/// One metric's values, run by run, from wherever they were read.
struct NamedSeries: Equatable, Sendable {
    var name: String
    /// nil where a run gave none.
    var values: [Double?]
    /// What each run is called: a commit, a time, a file. Empty where nobody said.
    var runs: [String] = []
    /// Which way is better; none where nobody said.
    var direction = MetricDirection.none

    /// What the run at `index` is called, or its number counted from 0.
    func run(_ index: Int) -> String {
        let name = runs.indices.contains(index) ? runs[index] : ""
        return name.isEmpty ? "#\(index)" : name
    }
}
