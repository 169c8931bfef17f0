internal import Events
package import JobRunner
internal import Descriptors
internal import JSON
package import Runtime

/// The environment that a benchmark runs in: the same wherever the services were started from.
///
/// Later wins: what the installation passes on, what the runner says about the attempt, the matrix's values, `env.vars` of the descriptor.
package struct BenchmarkEnvironment: Equatable, Sendable {
    package let variables: [String: String]
    /// Those with a secret in their values.
    private let secret: Set<String>

    /// What may stand on a command line, which everybody on the machine can read.
    package var expandable: [String: String] { variables.filter { !secret.contains($0.key) } }

    /// - Parameters:
    ///   - services: the environment of the services, of which only the passed variables are taken.
    ///   - materials: what was put into the work folder.
    /// - Throws: when a secret that the descriptor names is not there.
    package init(
        _ order: AttemptOrder, folder: AttemptFolder, services: [String: String], materials: [Material]
    ) throws(SecretError) {
        let job = order.job
        var variables = services.filter { order.settings.passedVariables.contains($0.key) }
        if variables["PATH"] == nil { variables["PATH"] = "/usr/local/bin:/usr/bin:/bin" }
        variables.merge(BenchmarkEnvironment.reporting(folder)) { $1 }
        variables.merge(BenchmarkEnvironment.identity(job)) { $1 }
        variables.merge(BenchmarkEnvironment.data(materials, folder)) { $1 }
        variables.merge(BenchmarkEnvironment.parameters(job.run.parameters)) { $1 }
        // Values may speak of what the runner knows, `$(BAI_DATA_TRAIN)/images`, but not of one another: they have no order.
        let known = variables
        var secret: Set<String> = []
        for (name, value) in job.run.descriptor.env.vars {
            if SecretPlaceholder.isIn(value) { secret.insert(name) }
            variables[name] = try BenchmarkEnvironment.reveal(
                VariableExpansion.expand(value, with: known), order.settings.secrets ?? .empty)
        }
        // The mark by which what is left of an attempt is found is not the benchmark's to change.
        variables[AttemptProcesses.mark] = order.attemptID
        if let library = order.settings.clientLibrary {
            BenchmarkEnvironment.append("\(library)/python", to: "PYTHONPATH", in: &variables)
            BenchmarkEnvironment.append("\(library)/shell", to: "PATH", in: &variables)
        }
        self.variables = variables
        self.secret = secret
    }

    /// `value` with secrets in their places. What is in a secret is taken as it is: `$(` in it means nothing.
    private static func reveal(_ value: String, _ secrets: SecretFolder) throws(SecretError) -> String {
        try SecretPlaceholder.replace(in: value) { name throws(SecretError) in
            try secrets.value(of: name)
        }
    }

    /// Where measurements go: our client library's file, and the FIFO of Benchmark AI's.
    private static func reporting(_ folder: AttemptFolder) -> [String: String] {
        [
            "BAI_METRICS": folder.metrics,
            "BENCHMARK_AI": "fifo",
            "BENCHMARK_AI_FIFO_FILEPATH": folder.fifo,
            "BENCHMARK_AI_FIFO_MAX_WAIT_TIME": "60",
        ]
    }

    private static func identity(_ job: JobSpecification) -> [String: String] {
        [
            "BAI_RUN_ID": job.runID,
            "BAI_ATTEMPT": String(job.attempt.number),
            "BAI_REPETITION": String(job.attempt.repetition),
            "BAI_IS_WARMUP": job.attempt.isWarmup ? "1" : "0",
        ]
    }

    private static func data(_ materials: [Material], _ folder: AttemptFolder) -> [String: String] {
        var variables: [String: String] = [:]
        for material in materials {
            if let name = material.variable { variables[name] = material.place(in: folder) }
        }
        // Scripts land in the work folder itself.
        if materials.contains(where: { $0.content.role == .script }) {
            variables["BAI_SCRIPTS_PATH"] = folder.work
        }
        return variables
    }

    /// The matrix's values, each under its own name and as `BAI_MATRIX_<NAME>`.
    private static func parameters(_ parameters: [String: JSONValue]) -> [String: String] {
        var variables: [String: String] = [:]
        for (name, value) in parameters {
            guard let text = text(of: value) else { continue }
            variables["BAI_MATRIX_" + VariableName.of(name)] = text
            variables[name] = text
        }
        return variables
    }

    private static func text(of value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .bool(let isTrue): isTrue ? "true" : "false"
        // The axes of a matrix hold nothing else.
        case .null, .array, .object: nil
        }
    }

    /// After what is there, so that the benchmark's own copy of a library or program wins.
    private static func append(_ folder: String, to name: String, in variables: inout [String: String]) {
        let present = variables[name].flatMap { $0.isEmpty ? nil : $0 + ":" } ?? ""
        variables[name] = present + folder
    }
}
