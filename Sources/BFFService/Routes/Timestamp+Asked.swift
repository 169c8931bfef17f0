internal import FoundationEssentials
package import Runtime

extension Timestamp {
    /// Reads a point in time as requests name it: milliseconds since 1970, ISO 8601, or how long ago (`90s`, `1h30m`); nil for anything else.
    package init?(asked text: String, now: Timestamp) {
        if let milliseconds = Int64(text) {
            self.init(milliseconds: milliseconds)
        } else if let ago = TimeSpan(text) {
            self = now + (.zero - ago.duration)
        } else {
            let styles = [
                Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true),
            ]
            guard let date = styles.lazy.compactMap({ try? Date(text, strategy: $0) }).first else {
                return nil
            }
            self.init(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
        }
    }
}
