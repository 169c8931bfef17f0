internal import API
internal import BFFClient
internal import CommandLineArguments
internal import Deployment
internal import FoundationEssentials
internal import Glibc
internal import JSON
internal import Manifests
internal import Runtime

/// What a command works with.
struct CommandContext: Sendable {
    var environment: [String: String]
    var terminal: Terminal
    var format: OutputFormat
    var installation: Installation
    var time: any TimeSource
    var client: BFFClient
    /// Whether the client talks to this machine's own services, which can be started when they are not up.
    var isLocal: Bool
    /// Whether the API is on another machine as far as anybody can tell: it is reached over the network, and knows no files of this one.
    var isRemote: Bool

    /// The local services, seen from outside.
    var stack: LocalStack { LocalStack(installation: installation, environment: environment) }

    /// Prints a listing; says so where there is nothing.
    func print(_ listing: Listing) throws {
        let text = try listing.text(as: format, for: terminal)
        if format == .table { terminal.print(data: text) } else { terminal.print(document: text) }
        if listing.isEmpty, format == .table { terminal.say(listing.emptyNote) }
    }

    /// Who asks, in every request.
    var requester: SubmitRequest.Client {
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, host.count - 1)
        let hostname = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let username = environment["USER"] ?? environment["LOGNAME"] ?? Account.name ?? "uid-\(getuid())"
        return SubmitRequest.Client(id: hostname, version: Version.current, username: username)
    }

    /// All pages of a list, up to `most` items.
    func all<Item>(
        upTo most: Int, _ page: (_ limit: Int, _ cursor: String?) async throws(BFFClientError) -> Page<Item>
    ) async throws(BFFClientError) -> [Item] {
        var items: [Item] = []
        var cursor: String?
        repeat {
            let next = try await page(min(most - items.count, CommandContext.pageSize), cursor)
            items += next.items
            cursor = next.next
        } while cursor != nil && items.count < most
        return items
    }

    private static let pageSize = 1000
}

extension CommandContext {
    /// Prints one document in the formats that can hold one; a table is each command's own.
    func printDocument(_ document: JSONValue) throws {
        switch format {
        case .yaml: terminal.print(document: YAML.text(of: document))
        case .ndjson: terminal.print(document: try JSONCoding.text(document) + "\n")
        case .csv: terminal.print(document: CSV.text([document]))
        case .json, .table, .name:
            terminal.print(document: try JSONCoding.text(document, pretty: true) + "\n")
        }
    }
}
