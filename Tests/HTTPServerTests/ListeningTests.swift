import FoundationEssentials
import HTTPClient
import HTTPMessages
import HTTPServer
import Runtime
import TestSupport
import Testing

@Suite struct ListeningTests {
    private let handler: @Sendable (ServerRequest) async -> ServerResponse = { _ in .text("fine") }

    private func mode(_ path: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return attributes[.posixPermissions] as? Int
    }

    @Test func theSocketIsForThisUserAlone() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("s.sock")
        let server = try HTTPServer.start(at: .unixSocket(path), handler: handler)
        #expect(try mode(path) == 0o600)
        await server.stop()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aLiveServerIsNotPushedAside() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("s.sock")
        let server = try HTTPServer.start(at: .unixSocket(path), handler: handler)
        let error = #expect(throws: HTTPServerError.self) {
            try HTTPServer.start(at: .unixSocket(path), handler: handler)
        }
        #expect(error?.code == .addressInUse)
        #expect(error?.message == "listen at \(path): another process serves there; stop it first")
        #expect(
            try await HTTPClient().send(.init(.get, "http://localhost/", unixSocket: path)).text == "fine")
        await server.stop()
    }

    @Test func theSocketOfADeadServerIsReplaced() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("s.sock")
        try RawConnection.leaveSocketFile(path: path)
        let server = try HTTPServer.start(at: .unixSocket(path), handler: handler)
        #expect(
            try await HTTPClient().send(.init(.get, "http://localhost/", unixSocket: path)).text == "fine")
        await server.stop()
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("s.sock", "precious")
        let error = #expect(throws: HTTPServerError.self) {
            try HTTPServer.start(at: .unixSocket(path), handler: handler)
        }
        #expect(error?.code == .cannotListen)
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func aMissingFolderAndAPathTooLongAreNamed() throws {
        let missing = #expect(throws: HTTPServerError.self) {
            try HTTPServer.start(at: .unixSocket("/nonexistent/s.sock"), handler: handler)
        }
        #expect(missing?.message == "listen at /nonexistent/s.sock: No such file or directory")
        let long = #expect(throws: HTTPServerError.self) {
            try HTTPServer.start(
                at: .unixSocket("/tmp/" + String(repeating: "x", count: 200)), handler: handler)
        }
        #expect(long?.message.contains("at most 107 bytes") == true)
    }

    @Test func twoServersNeverShareAPort() async throws {
        let server = try HTTPServer.start(at: .tcp(host: "localhost", port: 0), handler: handler)
        guard case .tcp(_, let port) = server.address else { return #expect(Bool(false)) }
        #expect(port != 0)
        let error = #expect(throws: HTTPServerError.self) {
            try HTTPServer.start(at: .tcp(host: "localhost", port: port), handler: handler)
        }
        #expect(error?.code == .addressInUse)
        await server.stop()
        let second = try HTTPServer.start(at: .tcp(host: "localhost", port: port), handler: handler)
        #expect(second.address == .tcp(host: "localhost", port: port))
        await second.stop()
    }

    @Test func manyServersThatComeAndGoAtOnePathTakeTurns() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("s.sock")
        let served = Locked(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10 {
                        guard let server = try? HTTPServer.start(at: .unixSocket(path), handler: handler)
                        else { continue }
                        // Whoever could start is reached at the path, until it stops.
                        let response = try? await HTTPClient().send(
                            .init(.get, "http://localhost/", unixSocket: path))
                        #expect(response?.text == "fine")
                        served.withLock { $0 += 1 }
                        await server.stop()
                    }
                }
            }
        }
        #expect(served.withLock { $0 } > 0)
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
