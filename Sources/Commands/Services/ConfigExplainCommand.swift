internal import CommandLineArguments
internal import Configuration
internal import Deployment
internal import Diagnostics
internal import JSON

/// `baictl config explain`: every setting, its value, and who said it.
struct ConfigExplainCommand: Subcommand {
    static let syntax = CommandSyntax(
        ["config", "explain"], aliases: [["config"]],
        summary: "show every setting, its value and where it comes from",
        discussion: """
            A flag wins over the environment, that over bai.toml in $BAI_HOME, and that over the default. Secrets are not
            shown.
            """)

    init(_ invocation: Invocation) {}

    func run(_ context: CommandContext) async throws -> ExitCode {
        let resolved = try InstallationSettings.resolve(
            context.installation, environment: context.environment)
        let rows = resolved.settings.explain()
        let table = Table(
            header: ["SETTING", "VALUE", "FROM", "VARIABLE", "WHAT IT IS FOR"],
            rows: rows.map { row in
                [
                    Table.Cell(row.key), Table.Cell(row.value ?? "-"), Table.Cell(row.origin),
                    Table.Cell(row.variable),
                    Table.Cell(row.about),
                ]
            })
        try context.print(
            Listing(
                items: try rows.map { try JSONCoding.tree($0) }, names: rows.map(\.key), table: table,
                emptyNote: ""))
        for warning in resolved.warnings { context.terminal.say(warning.description) }
        if context.format == .table {
            context.terminal.say("Settings are kept in \(context.installation.configurationFile).")
        }
        return .ok
    }
}
