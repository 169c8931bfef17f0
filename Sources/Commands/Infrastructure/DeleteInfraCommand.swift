internal import CommandLineArguments
internal import Provisioning
internal import Runtime

/// `baictl delete infra`: takes away what `baictl create infra` made.
struct DeleteInfraCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["delete", "infra"],
        summary: "take the services off a Kubernetes cluster",
        discussion: """
            Removes exactly what `baictl create infra` made: objects with its label, its mark and its fields. That
            includes the volume with all runs and measurements, and, with their namespace, the benchmarks that run.
            Namespaces that were there before stay. Waits until all is gone.
            """,
        options: [
            CreateInfraCommand.target,
            .flag("yes", short: "y", "do not ask"),
            .value("timeout", "TIME", "how long to wait until all is gone; by default 5m"),
            .flag("dry-run", "only print what would be removed"),
        ] + ClusterOptions.syntax,
        examples: ["baictl delete infra --target=kubernetes --context=kind-laptop --dry-run"])

    private let cluster: ClusterOptions
    private let isSure: Bool
    private let isDryRun: Bool
    private let patience: Duration

    init(_ invocation: Invocation) throws(UsageError) {
        try InfraTarget.check(invocation)
        cluster = ClusterOptions(invocation)
        isSure = invocation.has("yes")
        isDryRun = invocation.has("dry-run")
        patience = try InfraTarget.patience(invocation)
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let provisioner = Provisioner(try cluster.client(context), time: context.time) { change in
            context.terminal.progress("\(change.kind.rawValue) \(change.label)")
        }
        let removable = try await provisioner.removable()
        if isDryRun || removable.isEmpty {
            var listing = InfraTarget.listing(of: removable)
            listing.emptyNote = "There is nothing on the cluster that baictl made."
            try context.print(listing)
            return .ok
        }
        if !isSure { try ask(removable, context) }
        let changes = try await provisioner.removeAll()
        context.terminal.endProgress()
        try context.print(InfraTarget.listing(of: changes))
        try await provisioner.waitUntilGone(within: patience) { context.terminal.progress($0) }
        context.terminal.endProgress()
        return .ok
    }

    private func ask(_ changes: [Provisioner.Change], _ context: CommandContext) throws(CommandFailure) {
        guard context.terminal.errorIsTerminal else {
            throw CommandFailure(
                .usage, "This removes all runs and measurements on the cluster. Say so with --yes.")
        }
        for change in changes { context.terminal.say("\(change.kind.rawValue) \(change.label)") }
        context.terminal.say("Remove the services with all runs and measurements? Type yes:")
        guard readLine() == "yes" else { throw CommandFailure(.interrupted, "nothing was removed") }
    }
}
