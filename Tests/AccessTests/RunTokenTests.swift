import Access
import Testing

@Suite struct RunTokenTests {
    private let run = "0192f0c1-7b1e-7cc0-9d5e-5c1e2c3d4e5f"

    private func key(_ byte: UInt8 = 7) throws -> InstallationKey {
        try #require(InstallationKey([UInt8](repeating: byte, count: 32)))
    }

    @Test func aTokenIsTheRunAndAnHMACOfIt() throws {
        // printf 'benchmark-ai.run-token\0RUN' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07 -binary | basenc --base64url
        #expect(
            try RunToken(run: run, key: key()).text == "\(run).jUqXA_n_P5JD8vEZquXBv2FLnvPbF2sdHeM4CEMnok0")
    }

    @Test func whoHasTheKeyKnowsATokenAndItsRun() throws {
        let text = try RunToken(run: run, key: key()).text
        #expect(try RunToken(reading: text, key: key())?.run == run)
        #expect(try RunToken(reading: text, key: key())?.text == text)
    }

    @Test func anotherKeysTokenIsNone() throws {
        let text = try RunToken(run: run, key: key(8)).text
        #expect(try RunToken(reading: text, key: key()) == nil)
    }

    @Test func aTokenIsNoneForAnotherRun() throws {
        let code = try #require(try RunToken(run: run, key: key()).text.split(separator: ".").last)
        #expect(try RunToken(reading: "another.\(code)", key: key()) == nil)
    }

    @Test(arguments: [
        "", ".", "a", "a.", ".a", "a.b", "0192f0c1-7b1e-7cc0-9d5e-5c1e2c3d4e5f.", "🙂.🙂",
        String(repeating: "a", count: 100_000),
    ])
    func whatIsNoTokenIsNone(text: String) throws {
        #expect(try RunToken(reading: text, key: key()) == nil)
    }

    @Test func everyChangedCharacterIsNoticed() throws {
        let text = Array(try RunToken(run: run, key: key()).text.utf8)
        for index in text.indices {
            var changed = text
            changed[index] ^= 1
            let other = String(decoding: changed, as: UTF8.self)
            #expect(try RunToken(reading: other, key: key()) == nil, "byte \(index)")
        }
    }

    @Test func aShortKeyIsNone() {
        #expect(InstallationKey([UInt8](repeating: 1, count: 31)) == nil)
    }

    @Test func neitherTokenNorKeyIsInAMessage() throws {
        let token = try RunToken(run: run, key: key())
        let code = try #require(token.text.split(separator: ".").last)
        for text in ["\(token)", String(reflecting: token), String(describing: [token])] {
            #expect(!text.contains(code))
        }
        #expect(!String(reflecting: try key()).contains("7"))
        var dumped = ""
        dump([token], to: &dumped)
        dump(try key(), to: &dumped)
        #expect(!dumped.contains(code) && !dumped.contains("7,"))
    }
}
