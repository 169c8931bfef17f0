internal import BFFClient
internal import CommandLineArguments

extension BFFClient {
    /// A client of the API at `unix:PATH` or a URL.
    init(address: String) throws(UsageError) {
        guard let endpoint = BFFEndpoint(address) else {
            throw UsageError("--server is unix:PATH or http(s)://HOST:PORT, not '\(address)'.")
        }
        self.init(endpoint: endpoint)
    }
}
