package import Digests

/// What a user shows to the API over the network: `bai_` and 43 characters of base64url. It is kept nowhere; the installation keeps its digest.
package struct UserToken: Sendable {
    /// The token itself: a secret, printed once.
    package let text: String

    /// A new one.
    ///
    /// - Parameter random: where its 32 bytes come from.
    package init(from random: inout some RandomNumberGenerator) {
        let bytes = (0..<UserToken.byteCount).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        text = "\(UserToken.prefix)\(Base64URL.encode(bytes))"
    }

    /// A new one, from the system's randomness.
    package init() {
        var random = SystemRandomNumberGenerator()
        self.init(from: &random)
    }

    /// What is kept of it. Nobody guesses 32 random bytes: a plain digest is enough, a slow one would only help those who send wrong ones.
    package var digest: Digest { .of(text) }

    /// By it people and scanners for leaked secrets know what it is.
    private static let prefix = "bai_"
    private static let byteCount = 32
}

/// The users that an installation's API knows: a text with a line `NAME DIGEST` for each token. Several may have the same name.
package struct UserTokens: Sendable, Equatable {
    private var users: [User] = []

    private struct User: Sendable, Equatable {
        var name: String
        var digest: [UInt8]
    }

    /// None: nobody is let in.
    package init() {}

    /// Reads the text. Empty lines, and lines that begin with `#`, say nothing.
    ///
    /// - Throws: the number of the first line that is none.
    package init(reading text: String) throws(UserTokensError) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }
            guard let name = words.first, !name.hasPrefix("#") else { continue }
            guard words.count == 2, UserTokens.isName(name),
                let digest = Digest(.sha256, hexadecimal: words[1])
            else { throw UserTokensError(line: index + 1) }
            users.append(User(name: String(name), digest: digest.bytes))
        }
    }

    /// How many tokens there are.
    package var count: Int { users.count }

    /// Whose token `text` is; nil when it is nobody's. It takes the same time for every token, right or wrong.
    package func user(of text: String) -> String? {
        let digest = Digest.of(text).bytes
        var found: String?
        for user in users where isEqualInConstantTime(user.digest, digest) { found = user.name }
        return found
    }

    /// The line that lets `token` in as `name`, with its end.
    package static func line(for token: UserToken, of name: String) -> String {
        precondition(isName(name), "a user's name with spaces would be another line")
        return "\(name) \(token.digest.hexadecimal)\n"
    }

    /// Whether a user can be called so: letters, digits and `-_.@+`, at most 64.
    package static func isName(_ text: some StringProtocol) -> Bool {
        let isAllowed = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_.@+".utf8.contains(byte)
            }
        }
        return (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isAllowed)
    }
}

/// A line of the users' tokens that is none.
package struct UserTokensError: Error, Equatable, Sendable {
    /// From 1.
    package var line: Int
}
