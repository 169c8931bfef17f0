internal import Digests
internal import FoundationEssentials

/// What a run's pods show to deliver what they measured, and to get what they need: `<run id>.<code>`.
///
/// It needs no list of tokens: the code is an HMAC with SHA-256 over the run's id under the installation's key, in 43 characters of base64url. It is
/// of no use for another run, and none once the run is over, which whoever checks it has to see to.
///
///     let token = RunToken(run: id, key: key).text            // the executor, for the attempt's Secret
///     guard let token = RunToken(reading: text, key: key)     // the API
package struct RunToken: Hashable, Sendable {
    package let run: String
    /// The token itself: a secret.
    package let text: String

    /// The token of `run`.
    package init(run: String, key: InstallationKey) {
        self.run = run
        let code = HMAC.sha256(key: key.bytes, message: Array("\(RunToken.purpose)\0\(run)".utf8))
        text = "\(run).\(Base64URL.encode(code))"
    }

    /// A token that somebody shows; nil when the installation has not made it. It takes as long for one that is nearly right as for one that is not.
    package init?(reading text: String, key: InstallationKey) {
        guard text.utf8.count <= RunToken.longest, let dot = text.lastIndex(of: ".") else { return nil }
        let expected = RunToken(run: String(text[..<dot]), key: key)
        guard isEqualInConstantTime(Array(text.utf8), Array(expected.text.utf8)) else { return nil }
        self = expected
    }

    /// What the key signs is said before it, so that nothing that it may sign one day is a run token by chance.
    private static let purpose = "benchmark-ai.run-token"

    /// Longer than any run's id with a code.
    private static let longest = 256
}

// A token that ends in a message by mistake tells nothing but its run.
extension RunToken: CustomStringConvertible, CustomReflectable {
    package var description: String { "(the token of run \(run))" }
    package var customMirror: Mirror { Mirror(self, children: ["run": run]) }
}

/// Base64 for URLs and headers, without the signs that fill up (RFC 4648, 5).
enum Base64URL {
    static func encode(_ bytes: [UInt8]) -> String {
        let text = Data(bytes).base64EncodedString().map { character -> Character in
            switch character {
            case "+": "-"
            case "/": "_"
            default: character
            }
        }
        return String(text.prefix { $0 != "=" })
    }
}
