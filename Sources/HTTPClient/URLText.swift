/// The parts of a URL that matter before libcurl reads it.
struct URLText {
    /// In lower case.
    let scheme: Substring
    /// Without user, password and port.
    let host: Substring
    /// Without user, password, query and fragment: fit for messages and logs, where signatures and tokens must not be.
    let withoutSecrets: String

    /// Nil when `url` is not an absolute http or https URL, or has a byte that no URL has.
    init?(_ url: String) {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), let colon = url.range(of: "://") else {
            return nil
        }
        let scheme = Substring(url[..<colon.lowerBound].lowercased())
        let rest = url[colon.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        let address =
            authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let path = rest[authority.endIndex...].prefix { !"?#".contains($0) }
        let host =
            address.hasPrefix("[") ? address.prefix { $0 != "]" }.dropFirst() : address.prefix { $0 != ":" }
        guard scheme == "http" || scheme == "https", !host.isEmpty else { return nil }
        self.scheme = scheme
        self.host = host
        withoutSecrets = "\(scheme)://\(address)\(path)"
    }

    /// Whether the host is this machine, where no proxy can be meant.
    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}

extension String {
    /// The first place of `text`.
    fileprivate func range(of text: String) -> Range<Index>? {
        ranges(of: text).first
    }
}
