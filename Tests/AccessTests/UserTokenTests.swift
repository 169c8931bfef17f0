import Access
import Digests
import Testing

@Suite struct UserTokenTests {
    @Test func aTokenIsKnownByItsDigest() throws {
        let (ada, bob) = (UserToken(), UserToken())
        let text =
            UserTokens.line(for: ada, of: "ada") + "# Bob's laptop\n\n" + UserTokens.line(for: bob, of: "bob")
        let tokens = try UserTokens(reading: text)
        #expect(tokens.count == 2)
        #expect(tokens.user(of: ada.text) == "ada")
        #expect(tokens.user(of: bob.text) == "bob")
        #expect(!text.contains(ada.text) && !text.contains(bob.text))
    }

    @Test func whatIsNoTokenIsNobodys() throws {
        let token = UserToken()
        let tokens = try UserTokens(reading: UserTokens.line(for: token, of: "ada"))
        for text in [
            "", "bai_", "ada", token.text + "x", String(token.text.dropLast()), token.digest.hexadecimal,
        ] {
            #expect(tokens.user(of: text) == nil, "\(text)")
        }
        #expect(UserTokens().user(of: token.text) == nil)
    }

    @Test func twoTokensAreNeverTheSame() {
        let texts = Set((0..<1000).map { _ in UserToken().text })
        #expect(texts.count == 1000)
        #expect(texts.allSatisfy { $0.hasPrefix("bai_") && $0.utf8.count == 47 })
    }

    @Test func aLineThatIsNoneIsNamed() {
        let good = UserTokens.line(for: UserToken(), of: "ada")
        for bad in [
            "ada", "ada 12", "a/b \(Digest.of("x").hexadecimal)", "ada \(Digest.of("x").hexadecimal) x",
        ] {
            let error = #expect(throws: UserTokensError.self) { try UserTokens(reading: good + bad + "\n") }
            #expect(error?.line == 2)
        }
    }

    @Test func aNameHasNothingThatALineCouldMisread() {
        for name in ["ada", "ci-main", "ada@example.com", "a.b_c+d"] { #expect(UserTokens.isName(name)) }
        for name in ["", "a b", "a\n", "#a", "a\tb", "ä", String(repeating: "a", count: 65)] {
            #expect(!UserTokens.isName(name), "\(name)")
        }
    }
}
