internal import Diagnostics

/// Collects problems, the first hundred of them: a file that is wrong from end to end takes no time to be refused.
struct ProblemList {
    static let limit = 100

    private(set) var problems: [Problem] = []
    private(set) var omitted = 0
    private(set) var hasErrors = false
    private let sources: [SourceText]

    init(_ sources: [SourceText]) { self.sources = sources }

    /// Whether what is added is only counted.
    var isFull: Bool { problems.count >= ProblemList.limit }

    /// Adds a problem at a place; `make` is asked only while there is room.
    ///
    /// - Parameter hidesText: whether the problem shows nothing of the text.
    mutating func add(
        _ severity: Problem.Severity = .error, at position: SourcePosition, hidesText: Bool = false,
        _ make: () -> Problem
    ) {
        if severity == .error { hasErrors = true }
        guard !isFull else {
            omitted += 1
            return
        }
        var problem = make()
        problem.severity = severity
        problem = problem.at(position, in: sources[min(position.source, sources.count - 1)])
        if hidesText {
            problem.excerpt = nil
            // An argument is called by its whole text.
            problem.source = problem.source.map { String($0.prefix { $0 != "=" }) }
        }
        problems.append(problem)
        places.append(position)
    }

    private var places: [SourcePosition] = []

    /// The problems in the order of the text, and at the end how many more there were.
    var sorted: [Problem] {
        let order = problems.indices.sorted { (places[$0], $0) < (places[$1], $1) }
        var sorted = order.map { problems[$0] }
        if omitted > 0 {
            let message = "\(omitted) more problem\(omitted == 1 ? "" : "s")"
            sorted.append(
                Problem(
                    code: "more_problems", severity: hasErrors ? .error : .warning, message: message,
                    source: sources.first?.name))
        }
        return sorted
    }
}
