import Access
import API
import BFFClient
import Events
import FoundationEssentials
import HTTPClient
import HTTPMessages
import HTTPServer
import JSON
import MessageLog
import ObjectStore
import Runtime
import TestSupport
import Testing

@testable import BFFService

/// A BFF that is served to the network, on a loopback port without TLS, with a user and the tokens of runs.
final class NetworkFixture: Sendable {
    let fixture: Fixture
    let objects: FolderStore
    let key: InstallationKey
    let ada = UserToken()
    let port: UInt16
    let client = HTTPClient()

    private init(_ fixture: Fixture, _ objects: FolderStore, _ key: InstallationKey, port: UInt16) throws {
        self.fixture = fixture
        self.objects = objects
        self.key = key
        self.port = port
        try write(UserTokens.line(for: ada, of: "ada"))
    }

    var tokens: String { fixture.folder.file("tokens") }

    /// Replaces the users' tokens.
    func write(_ text: String) throws { try fixture.folder.write("tokens", text) }

    /// Serves while `body` runs.
    static func serving(
        identity: IdentityFiles? = nil, _ body: @escaping @Sendable (NetworkFixture) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let objects = try await FolderStore.open(folder.file("objects"))
        let fixture = try await Fixture(folder: folder, objects: objects)
        let key = try #require(InstallationKey((0..<32).map { _ in UInt8.random(in: 0...255) }))
        let listener = NetworkListener(
            address: .tcp(host: "127.0.0.1", port: 0), identity: identity, tokens: folder.file("tokens"),
            key: key)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await fixture.service.serve(at: .unixSocket(folder.file("bff.sock")), network: listener)
            }
            group.addTask {
                let port = try await NetworkFixture.port(of: fixture)
                try await body(try NetworkFixture(fixture, objects, key, port: port))
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// The port that the system chose, as the service says it.
    private static func port(of fixture: Fixture) async throws -> UInt16 {
        let found = Locked<UInt16?>(nil)
        let isServing = await eventually {
            let line = fixture.lines.withLock { $0.first { $0.contains("127.0.0.1:") } }
            guard let digits = line?.split(separator: "127.0.0.1:").last?.prefix(while: \.isNumber) else {
                return false
            }
            found.withLock { $0 = UInt16(digits) }
            return true
        }
        #expect(isServing)
        return try #require(found.withLock { $0 })
    }

    func token(of run: String) -> String { RunToken(run: run, key: key).text }

    /// Asks over the network.
    func ask(
        _ method: HTTPMethod, _ path: String, token: String? = nil, headers: HTTPHeaders = [:],
        body: [UInt8] = []
    ) async throws -> HTTPResponse {
        var request = HTTPRequest(
            method, "http://127.0.0.1:\(port)\(path)", headers: headers, body: body)
        request.headers["Authorization"] = token.map { "Bearer \($0)" }
        return try await client.send(request)
    }

    /// Submits a run.
    func submit() async throws -> String { try await fixture.submit()[0] }
}

extension HTTPResponse {
    /// The code of a refusal.
    var code: String? {
        (try? JSONCoding.decode(ErrorBody.self, from: body))?.error.code.rawValue
    }

    /// The words of a refusal.
    var words: String {
        (try? JSONCoding.decode(ErrorBody.self, from: body))?.error.message ?? ""
    }
}
