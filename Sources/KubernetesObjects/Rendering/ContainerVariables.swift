internal import Descriptors
internal import Events
internal import JSON

/// The environment of a benchmark's container: what the system sets, then the team's own, each by name.
///
/// Kubernetes replaces `$(NAME)` in a value by the variables before it. What the descriptor promises is less, and the same everywhere: values may speak of
/// what the system sets, not of one another.
struct ContainerVariables {
    private(set) var list: [EnvironmentVariable]

    /// - Parameters:
    ///   - system: what the system sets; a team's variable of the same name takes its place.
    ///   - own: the descriptor's.
    ///   - secret: the name of the Secret that holds the installation's secrets.
    init(system: [EnvironmentVariable], own: [String: String], secret: String) {
        let kept = system.filter { own[$0.name] == nil }
        let known = Set(kept.map(\.name))
        let hidden = Set(own.keys).subtracting(known)
        list =
            kept + ContainerVariables.secrets(own, secret)
            + own.sorted { $0.key < $1.key }.map {
                .text($0.key, ContainerVariables.pointing(ContainerVariables.hiding(hidden, in: $0.value)))
            }
    }

    /// A variable for each secret, which values then refer to: they stand in no object but the Secret.
    private static func secrets(_ own: [String: String], _ secret: String) -> [EnvironmentVariable] {
        Set(own.values.flatMap(SecretPlaceholder.names)).sorted().map { name in
            let key = EnvironmentVariable.SecretKey(name: secret, key: AttemptSecret.key(secret: name))
            return EnvironmentVariable(
                name: variable(secret: name), valueFrom: EnvironmentVariable.Source(secretKeyRef: key))
        }
    }

    /// `text` with references to variables in the place of secrets.
    private static func pointing(_ text: String) -> String {
        SecretPlaceholder.replace(in: text) { "$(\(variable(secret: $0)))" }
    }

    /// A secret's name has only what a variable's may have.
    private static func variable(secret: String) -> String { "BAI_SECRET_\(secret)" }

    /// `text` with references to `names` escaped, so that they stay as they are written.
    static func hiding(_ names: Set<String>, in text: String) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[...dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
            } else if rest.first == "(", let close = rest.firstIndex(of: ")"),
                names.contains(String(rest[rest.index(after: rest.startIndex)..<close]))
            {
                result += "$"
            }
        }
        return result + rest
    }
}

/// What the system sets, part by part.
enum SystemVariables {
    /// Which run and attempt it is.
    static func identity(_ request: AttemptRequest) -> [EnvironmentVariable] {
        [
            .text("BAI_ATTEMPT", "\(request.attempt.number)"),
            .text("BAI_IS_WARMUP", request.attempt.isWarmup ? "1" : "0"),
            .text("BAI_REPETITION", "\(request.attempt.repetition)"),
            .literal("BAI_RUN_ID", request.runID),
        ]
    }

    /// Where measurements go: our client library's file, and the FIFO of Benchmark AI's.
    static let reporting: [EnvironmentVariable] = [
        .text("BAI_METRICS", PodPath.metrics),
        .text("BENCHMARK_AI", "fifo"),
        .text("BENCHMARK_AI_FIFO_FILEPATH", PodPath.fifo),
        .text("BENCHMARK_AI_FIFO_MAX_WAIT_TIME", "60"),
    ]

    /// Where datasets, models and scripts are.
    static func data(_ contents: [PlacedContent]) -> [EnvironmentVariable] {
        var variables: [EnvironmentVariable] = []
        for placed in contents {
            if let name = placed.variable, let path = placed.path { variables.append(.literal(name, path)) }
        }
        if contents.contains(where: { $0.content.role == .script }) {
            variables.append(.text("BAI_SCRIPTS_PATH", PodPath.scripts))
        }
        return variables
    }

    /// The matrix's values, each under its own name and as `BAI_MATRIX_<NAME>`.
    static func parameters(_ parameters: [String: JSONValue]) -> [EnvironmentVariable] {
        var values: [String: String] = [:]
        for (name, value) in parameters {
            guard let text = value.variableText else { continue }
            values["BAI_MATRIX_" + VariableName.of(name)] = text
            values[name] = text
        }
        return values.sorted { $0.key < $1.key }.map { .literal($0.key, $0.value) }
    }
}

extension JSONValue {
    /// A value of a matrix as a variable's; the axes of a matrix hold nothing but these.
    fileprivate var variableText: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .bool(let isTrue): isTrue ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
