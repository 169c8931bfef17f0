internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Events
internal import FoundationEssentials
internal import Glibc
internal import JSON
internal import Runtime

/// `baictl run benchmark`: submits a descriptor.
struct RunCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["run", "benchmark"], aliases: [["run"], ["submit"]], summary: "run a benchmark from its descriptor",
        discussion: """
            Submits the descriptor and prints the id of its run, or of one run for each combination of its matrix. The
            id is durable: whatever is killed from then on, the run reaches exactly one final status. Starts this
            machine's services when they are not up. A server over the network (--server=https://…) gets the script uploaded,
            once for the same content.
            """,
        options: [
            DescriptorChoice.descriptor,
            .flag("watch", short: "w", "follow the run until it has ended, and print what it measured"),
            .flag("wait", "like --watch, without the statuses in between"),
            DescriptorChoice.set, DescriptorChoice.script,
            .value(
                "idempotency-key", "KEY", "the same key with the same descriptor makes the runs only once"),
            .flag("dry-run", "check only, and print what would be submitted"),
        ],
        arguments: [DescriptorChoice.argument],
        examples: [
            "baictl run benchmark --descriptor=sample-benchmarks/hello-world/descriptor.toml --watch",
            "baictl run benchmark -f d.toml --set run.repeats=10 --set env.vars.SIZE=large -o name",
            "generate-descriptor | baictl run benchmark -f - --wait",
        ])

    private let choice: DescriptorChoice
    private let idempotencyKey: String?
    private let isDryRun: Bool
    private let follow: RunFollower.Style?

    init(_ invocation: Invocation) throws(UsageError) {
        choice = try DescriptorChoice(invocation)
        idempotencyKey = invocation.value("idempotency-key")
        isDryRun = invocation.has("dry-run")
        follow = invocation.has("watch") ? .everything : invocation.has("wait") ? .resultOnly : nil
    }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let source = try DescriptorSource.read(choice.file)
        // What is wrong with it is said at once and in full, before any service is asked.
        let descriptor = try source.check(overrides: choice.overrides, context)
        try await context.ensureServices()
        var request = SubmitRequest(
            descriptor: source.text, filename: source.name, directory: source.folder,
            overrides: choice.overrides,
            script: choice.script, dryRun: isDryRun, client: context.requester)
        if context.isRemote {
            // What is on this machine, the server cannot read.
            (request.directory, request.script) = (nil, nil)
            let upload = ScriptUpload(choice.script, descriptor, folder: source.folder)
            request.upload = try await upload?.send(context)
        }
        // With a key, asking again after an answer that got lost makes no second run.
        let key = idempotencyKey ?? RandomIDs().next()
        let response = try await context.patiently {
            try await context.client.submit(request, idempotencyKey: key)
        }
        if isDryRun {
            try printRuns(response, context)
            context.terminal.say("The descriptor is valid; nothing was submitted.")
            return .ok
        }
        if response.isRepeated, idempotencyKey != nil {
            context.terminal.say("This was submitted before with the same idempotency key.")
        }
        guard let follow else {
            try printRuns(response, context)
            if context.format == .table, let first = response.runs.first {
                context.terminal.say("Follow it with `baictl watch \(Words.short(first.id))`.")
            }
            return .ok
        }
        return try await RunFollower(context: context, style: follow).follow(response.runs.map(\.id))
    }

    private func printRuns(_ response: SubmitResponse, _ context: CommandContext) throws {
        switch context.format {
        case .table, .name: context.terminal.print(data: response.runs.map { $0.id + "\n" }.joined())
        case .json, .yaml: try context.printDocument(try JSONCoding.tree(response))
        case .ndjson, .csv:
            let items = try response.runs.map { try JSONCoding.tree($0) }
            let table = Table(header: [], rows: [])
            try context.print(Listing(items: items, names: [], table: table, emptyNote: ""))
        }
    }
}
