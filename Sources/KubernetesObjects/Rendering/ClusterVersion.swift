/// The version of a cluster, as far as rendering depends on it.
package struct ClusterVersion: Comparable, Hashable, Sendable, CustomStringConvertible {
    package let major: Int
    package let minor: Int

    package init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `1.29`, and what servers say of themselves: `v1.31.2+k3s1`, `1.28+`.
    package init?(_ text: String) {
        let parts = text.drop { $0 == "v" }.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, let major = Int(parts[0]),
            let minor = Int(parts[1].prefix { $0.isASCII && $0.isNumber })
        else { return nil }
        self.init(major: major, minor: minor)
    }

    package var description: String { "\(major).\(minor)" }

    package static func < (one: ClusterVersion, other: ClusterVersion) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }

    /// The oldest that attempts are rendered for.
    package static let oldest = ClusterVersion(major: 1, minor: 27)

    /// Whether init containers can be sidecars: on by default since 1.29.
    package var hasSidecars: Bool { self >= ClusterVersion(major: 1, minor: 29) }

    /// Whether a Job can be told to replace only pods that have ended: on by default since 1.29.
    package var hasPodReplacementPolicy: Bool { self >= ClusterVersion(major: 1, minor: 29) }
}
