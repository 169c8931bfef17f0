import Glibc
import Runtime
import TestSupport
import Testing

@Suite struct SecretFolderTests {
    private let folder: TemporaryFolder
    private let secrets: SecretFolder

    init() throws {
        folder = try TemporaryFolder()
        secrets = SecretFolder(folder.path)
    }

    private func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws {
        chmod(try folder.write(name, text), mode)
    }

    private func failure(_ name: String) -> SecretError? {
        #expect(throws: SecretError.self) { try secrets.value(of: name) }
    }

    @Test(arguments: ["s3cret", "s3cret\n", "s3cret\r\n"])
    func aSecretIsReadWithoutTheLineEndOfItsFile(text: String) throws {
        try write("token", text)
        #expect(try secrets.value(of: "token") == "s3cret")
    }

    @Test func aSecretThatWasChangedIsUsedAtOnce() throws {
        try write("token", "old")
        #expect(try secrets.value(of: "token") == "old")
        try write("token", "new")
        #expect(try secrets.value(of: "token") == "new")
    }

    @Test(arguments: [mode_t(0o644), 0o640, 0o604, 0o660])
    func whatOthersCanReadIsNoSecret(mode: mode_t) throws {
        try write("token", "s3cret", mode: mode)
        let error = failure("token")
        #expect(error?.code == .exposed)
        #expect(error?.message.contains("chmod 600") == true)
        #expect(error?.message.contains("s3cret") == false)
    }

    @Test(arguments: [
        "", "../token", "a/b", ".hidden", "a b", "ü", "a\0b", String(repeating: "a", count: 64),
    ])
    func whatIsNoNameIsNeverAPath(name: String) {
        #expect(failure(name)?.code == .badName)
    }

    @Test func whatIsNotThereIsNamed() {
        #expect(failure("token")?.code == .missing)
        #expect(throws: SecretError.self) { try SecretFolder.empty.value(of: "token") }
    }

    @Test func whatIsNoTextIsNoSecret() throws {
        try write("empty", "\n")
        try write("nul", "a\0b")
        try write("long", String(repeating: "x", count: 70_000))
        mkfifo(folder.file("pipe"), 0o600)
        mkdir(folder.file("folder"), 0o700)
        for name in ["empty", "nul", "long", "pipe", "folder"] {
            #expect(failure(name)?.code == .unreadable, "\(name)")
        }
    }
}
