import Access
@testable import Deployment
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite struct InstallationKeyFileTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("key") }

    init() throws { folder = try TemporaryFolder() }

    @Test func whoNeedsTheKeyFirstMakesItForItsOwnerAlone() throws {
        let key = try InstallationKeyFile(path: path).open(mayMake: true)
        #expect(try InstallationKeyFile(path: path).open(mayMake: true) == key)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(status.st_size == 32)
    }

    @Test func thoseWhoMakeItAtOnceGetTheSame() async throws {
        let path = path
        let keys = try await withThrowingTaskGroup(of: InstallationKey.self) { group in
            for _ in 0..<16 { group.addTask { try InstallationKeyFile(path: path).open(mayMake: true) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(keys.allSatisfy { $0 == keys[0] })
        // No draft is left behind.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["key"])
    }

    @Test func aNamedKeyThatIsNotThereIsNotMade() {
        #expect(throws: InstallationKeyError.self) {
            try InstallationKeyFile(path: path).open(mayMake: false)
        }
        #expect(access(path, F_OK) != 0)
    }

    @Test func aKeyThatEverybodyCanReadIsNotUsed() throws {
        _ = try InstallationKeyFile(path: path).open(mayMake: true)
        chmod(path, 0o644)
        let error = #expect(throws: InstallationKeyError.self) {
            try InstallationKeyFile(path: path).open(mayMake: true)
        }
        #expect(error?.message.contains("chmod 600") == true)
        // As a cluster mounts a Secret for a group.
        chmod(path, 0o440)
        _ = try InstallationKeyFile(path: path).open(mayMake: false)
    }

    @Test func whatIsTooShortOrNoFileIsNoKey() throws {
        _ = try folder.write("key", "short")
        chmod(path, 0o600)
        #expect(throws: InstallationKeyError.self) { try InstallationKeyFile(path: path).open(mayMake: true) }
        #expect(throws: InstallationKeyError.self) {
            try InstallationKeyFile(path: folder.path).open(mayMake: true)
        }
    }
}
