internal import CommandLineArguments
internal import Deployment
internal import Descriptors
internal import Digests
internal import Events
internal import JSON
internal import KubernetesObjects
internal import Manifests
internal import Runtime

/// `baictl render benchmark`: prints the Kubernetes objects of a descriptor. Needs neither service nor cluster.
struct RenderCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["render", "benchmark"], aliases: [["render"]],
        summary: "print the Kubernetes objects that a descriptor becomes",
        discussion: """
            YAML, one document for each object, in the order in which they are created; of a descriptor with a matrix,
            those of each combination. How the cluster is used is set under [kubernetes] in bai.toml. Data is not fetched:
            digests that the descriptor does not name are left open, and tokens are made when an attempt starts.
            With --dry-run=server the API server looks at them, too, and says what is wrong; it stores nothing.
            """,
        options: [
            DescriptorChoice.descriptor,
            DescriptorChoice.set, DescriptorChoice.script,
            .value("run", "ID", "the run's id; without it one of zeros"),
            .value("attempt", "N", "the attempt's number; without it 1"),
            .value(
                "dry-run", "WHO", "server: ask the cluster's API server whether it would take them",
                choices: ["server"]),
        ] + ClusterOptions.syntax,
        arguments: [DescriptorChoice.argument],
        examples: [
            "baictl render benchmark --descriptor=descriptors/examples/distributed.toml",
            "BAI_KUBERNETES_VERSION=1.27 baictl render benchmark d.toml | kubectl apply --dry-run=server -f -",
        ])

    private let choice: DescriptorChoice
    private let run: String?
    private let attempt: Int
    /// The cluster to ask.
    private let asked: ClusterOptions?

    init(_ invocation: Invocation) throws(UsageError) {
        choice = try DescriptorChoice(invocation)
        run = invocation.value("run")
        let number = invocation.value("attempt") ?? "1"
        guard let attempt = Int(number), (1...99_999).contains(attempt) else {
            throw UsageError("--attempt has to be a number from 1.", command: invocation.command)
        }
        self.attempt = attempt
        asked = invocation.value("dry-run") == nil ? nil : ClusterOptions(invocation)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let source = try DescriptorSource.read(choice.file)
        var descriptor = try source.check(overrides: choice.overrides, context)
        if let script = choice.script {
            descriptor.ml = descriptor.ml ?? Descriptor.Program()
            descriptor.ml?.script = Descriptor.Script(script: script)
        }
        let resolved = try InstallationSettings.resolve(
            context.installation, environment: context.environment)
        let renderer = AttemptRenderer(try resolved.kubernetes())
        var objects: [KubernetesObject] = []
        for (index, combination) in try MatrixExpansion.expand(descriptor).enumerated() {
            objects += try render(request(combination, index, source, context), by: renderer)
        }
        try print(objects, context)
        if let asked { try await ServerSideCheck(try asked.client(context)).check(objects, context.terminal) }
        return .ok
    }

    private func render(
        _ request: AttemptRequest, by renderer: AttemptRenderer
    ) throws(CommandFailure) -> [KubernetesObject] {
        do throws(RenderFailure) {
            return try renderer.render(request).objects
        } catch {
            let lines = error.problems.map { "\(choice.file): \($0)" }
            throw CommandFailure(.usage, lines.joined(separator: "\n"), code: "not_renderable")
        }
    }

    private func request(
        _ combination: MatrixExpansion.Combination, _ index: Int, _ source: DescriptorSource,
        _ context: CommandContext
    ) -> AttemptRequest {
        let descriptor = combination.descriptor
        let submitted = RunSubmitted(
            name: RunSubmitted.name(of: descriptor, filename: source.name), descriptor: descriptor,
            source: RunSubmitted.DescriptorSource(
                filename: source.name, document: source.text, sha256: Digest.of(source.text).hexadecimal),
            parameters: combination.values, requestDigest: "",
            // The same descriptor is always the same text: no time, and nobody's name.
            submitted: Timestamp(milliseconds: 0))
        return AttemptRequest(
            runID: run ?? RenderCommand.id(index),
            attempt: Attempt(number: attempt, repetition: 0, isWarmup: descriptor.run.warmup > 0),
            run: submitted, contents: UnfetchedContents.of(descriptor, folder: source.folder),
            client: AttemptRequest.Client(id: "client", version: Version.current, username: "user"),
            token: "made when the attempt starts", secrets: RenderCommand.secrets(descriptor))
    }

    /// In place of values that only the installation knows.
    private static func secrets(_ descriptor: Descriptor) -> [String: String] {
        let variables = Array(descriptor.env.vars.values) + (descriptor.server?.env.vars ?? [:]).values
        let names = Set(variables.flatMap(SecretPlaceholder.names))
        return Dictionary(uniqueKeysWithValues: names.map { ($0, "kept by the installation") })
    }

    /// In place of the id that a run gets when it is submitted.
    private static func id(_ index: Int) -> String {
        let digits = "\(index)"
        return "00000000-0000-0000-0000-" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }

    private func print(_ objects: [KubernetesObject], _ context: CommandContext) throws {
        let documents = try objects.map { try JSONCoding.tree($0) }
        switch context.format {
        case .table, .yaml: context.terminal.print(data: YAML.text(ofDocuments: documents))
        case .json, .ndjson, .csv, .name:
            let names = objects.map { "\($0.kind.lowercased())/\($0.metadata.name)" }
            try context.print(
                Listing(
                    items: documents, names: names, table: Table(header: [], rows: []), emptyNote: ""))
        }
    }
}
