internal import API
internal import Descriptors
internal import Diagnostics
internal import JSON
internal import ObjectStore

/// What checking a request came to, by the same code as `baictl validate`.
struct CheckedSubmission: Sendable {
    /// One for each combination of the matrix, in its order; one without a matrix; none when there are mistakes.
    var combinations: [MatrixExpansion.Combination]
    /// All mistakes.
    var mistakes: [Problem]
    /// What is allowed, but perhaps not meant.
    var warnings: [Problem]

    /// Checks the text with the overrides applied, and expands its matrix. May take a second for the largest descriptors.
    ///
    /// - Parameter isLocal: whether who asks is on the service's own machine, and may name files of it.
    init(checking request: SubmitRequest, isLocal: Bool) {
        let reading = DescriptorReader.read(
            request.descriptor, filename: request.filename, overrides: request.overrides)
        combinations = []
        mistakes = reading.problems.filter { $0.severity == .error }
        warnings = reading.problems.filter { $0.severity == .warning }
        guard mistakes.isEmpty, var descriptor = reading.descriptor else { return }
        if let script = request.script {
            descriptor.ml = descriptor.ml ?? Descriptor.Program()
            descriptor.ml?.script = Descriptor.Script(script: script)
        }
        if let upload = request.upload {
            descriptor.ml = descriptor.ml ?? Descriptor.Program()
            descriptor.ml?.script = Descriptor.Script(script: Source.uploadScheme + upload)
        }
        if let warning = CheckedSubmission.scheduleWarning(descriptor) { warnings.append(warning) }
        do {
            combinations = try MatrixExpansion.expand(descriptor)
        } catch {
            // Reading checks the same limits, so that this says nothing new; but nobody runs a part of a matrix.
            mistakes = [
                Problem(code: error.rawValue, message: "the matrix cannot be expanded", key: "matrix")
            ]
        }
        if !isLocal { refuseLocalSources() }
    }

    /// Data that is a path would be read on the service's machine, where who asks over the network may read nothing.
    private mutating func refuseLocalSources() {
        var found: Set<String> = []
        for combination in combinations {
            let descriptor = combination.descriptor
            let data = (descriptor.data?.sources ?? []) + (descriptor.server?.models ?? [])
            found.formUnion(data.map(\.src).filter(Source.isLocal))
            if let script = descriptor.ml?.script?.script, Source.isLocal(script) { found.insert(script) }
        }
        if found.isEmpty { return }
        combinations = []
        mistakes = found.sorted().map { text in
            Problem(
                code: "local_source",
                message:
                    "'\(text)' is a path of the service's machine, and this comes from another one",
                expected: "a URL (https://…); a script is uploaded: `baictl run benchmark --script DIR`")
        }
    }

    /// Runs that come back by themselves are the scheduler's; here it runs once.
    private static func scheduleWarning(_ descriptor: Descriptor) -> Problem? {
        let isScheduled =
            descriptor.schedule != nil || descriptor.info.scheduling != Descriptor.Info.singleRun
        guard isScheduled else { return nil }
        return Problem(
            code: "schedule_not_applied", severity: .warning,
            message: "the schedule is not applied: the benchmark runs once, now",
            key: descriptor.schedule != nil ? "schedule" : "info.scheduling")
    }
}

extension [Problem] {
    /// Each as `baictl validate -o json` prints it.
    func encoded() throws(JSONError) -> [JSONValue] {
        var trees: [JSONValue] = []
        for problem in self { trees.append(try JSONCoding.tree(problem)) }
        return trees
    }
}
