internal import CommandLineArguments
internal import JSON
internal import Kubernetes
internal import Provisioning
internal import Runtime

/// `baictl create infra`: makes what the services need on a cluster, and the services.
struct CreateInfraCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["create", "infra"],
        summary: "set the services up on a Kubernetes cluster",
        discussion: """
            Makes the objects of an overlay be as it says (server-side apply, field manager baictl), takes away what an
            earlier version had beside them, and waits until the services are ready. The same again changes nothing. It
            refuses to touch what somebody else made; namespaces that are there already are shared, and stay when
            `baictl delete infra` takes the rest away.
            """,
        options: [
            target,
            .value(
                "overlay", "NAME", "small, production, or the path of a folder of your own; by default small"),
            .value("image", "IMAGE", "the image with the programs, where the cluster pulls it from"),
            .value("timeout", "TIME", "how long to wait for the services; by default 5m"),
            .flag("no-wait", "do not wait for the services"),
            .flag("force", "take over what somebody else has changed in our objects"),
            .flag("dry-run", "let the API server look, and store nothing"),
        ] + ClusterOptions.syntax,
        examples: [
            "baictl create infra --target=kubernetes --image=registry.example.com/benchmark-ai:0.1.0",
            "baictl create infra --target=kubernetes --context=kind-laptop --overlay=./my-overlay",
        ])

    /// What infrastructure can be made for.
    static let target = OptionSyntax.value(
        "target", "TARGET", "kubernetes: this machine needs no more than `baictl up`", choices: ["kubernetes"]
    )

    private let cluster: ClusterOptions
    private let overlay: String
    private let image: String?
    private let patience: Duration
    private let waits: Bool
    private let isForced: Bool
    private let isDryRun: Bool

    init(_ invocation: Invocation) throws(UsageError) {
        try InfraTarget.check(invocation)
        cluster = ClusterOptions(invocation)
        overlay = invocation.value("overlay") ?? "small"
        image = invocation.value("image")
        patience = try InfraTarget.patience(invocation)
        isForced = invocation.has("force")
        isDryRun = invocation.has("dry-run")
        waits = !invocation.has("no-wait") && !isDryRun
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let folder = try InstalledManifests.folder(overlay: overlay)
        var manifests = try Overlay.manifests(in: folder)
        if let image { manifests = InstalledManifests.replaceImage(manifests, by: image) }
        let client = try cluster.client(context)
        let version = try await client.version()
        guard version >= ServerVersion(major: 1, minor: 27) else {
            throw CommandFailure(
                .conflict, "The cluster is of Kubernetes \(version); 1.27 is the oldest that works.")
        }
        let provisioner = Provisioner(client, time: context.time) { change in
            context.terminal.progress("\(change.kind.rawValue) \(change.label)")
        }
        let changes = try await provisioner.apply(manifests, force: isForced, dryRun: isDryRun)
        context.terminal.endProgress()
        try context.print(InfraTarget.listing(of: changes))
        if isDryRun { context.terminal.say("Nothing was stored.") }
        guard waits else { return .ok }
        try await provisioner.waitUntilReady(manifests, within: patience) { context.terminal.progress($0) }
        context.terminal.endProgress()
        context.terminal.say(
            "The services are ready. Reach the API with `kubectl port-forward -n benchmark-ai service/bai-bff 8080`, then "
                + "--server=http://localhost:8080.")
        return .ok
    }
}

/// What `create infra` and `delete infra` have in common.
enum InfraTarget {
    /// Longer than a node takes to pull the image over a slow line.
    private static let usualPatience = Duration.seconds(300)

    /// Wants to be told what it is about: making something on whatever cluster a kubeconfig names is no default.
    static func check(_ invocation: Invocation) throws(UsageError) {
        guard invocation.value("target") != nil else {
            throw UsageError("Which target? Give --target=kubernetes.", command: invocation.command)
        }
    }

    static func patience(_ invocation: Invocation) throws(UsageError) -> Duration {
        guard let text = invocation.value("timeout") else { return usualPatience }
        guard let span = TimeSpan(text), span.duration > .zero else {
            throw UsageError("--timeout has to be a time such as 90s or 5m.", command: invocation.command)
        }
        return span.duration
    }

    /// What changed; what did not is in JSON alone.
    static func listing(of changes: [Provisioner.Change]) -> Listing {
        let told = changes.filter { $0.kind != .unchanged }
        return Listing(
            items: changes.map { ["change": .string($0.kind.rawValue), "object": .string($0.label)] },
            names: told.map(\.label),
            table: Table(
                header: ["CHANGE", "OBJECT"],
                rows: told.map { [Table.Cell($0.kind.rawValue), Table.Cell($0.label)] }),
            emptyNote: "Everything is there already: \(changes.count) objects unchanged.")
    }
}
