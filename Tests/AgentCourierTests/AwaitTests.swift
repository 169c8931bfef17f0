import AgentService
import Descriptors
import Events
import HTTPMessages
import HTTPServer
import JSON
import PodContract
import Runtime
import TestSupport
import Testing

/// A client that waits for its server.
@Suite struct AwaitTests {
    private func stage(port: UInt16, path: String?, timeout: String) throws -> PodStage {
        var awaited: JSONValue = [
            "host": "127.0.0.1", "port": .integer(Int64(port)), "timeout": .string(timeout), "scheme": "http",
        ]
        awaited["path"] = path.map(JSONValue.string)
        return try PodStage(["role": "client", "awaited": awaited])
    }

    private func port(of server: HTTPServer) -> UInt16 {
        guard case .tcp(_, let port) = server.address else { return 0 }
        return port
    }

    @Test func aServerIsReadyWhenItAnswersWithSuccess() async throws {
        let asked = Locked(0)
        let server = try HTTPServer.start(at: .tcp(host: "127.0.0.1", port: 0)) { request in
            let count = asked.withLock { count in
                count += 1
                return count
            }
            return ServerResponse(status: request.path == "/ready" && count > 2 ? 200 : 503)
        }
        let stage = try stage(port: port(of: server), path: "ready", timeout: "30s")
        #expect(try await stage.start("await").end() == .code(0))
        await server.stop()
        #expect(asked.withLock { $0 } == 3)
    }

    @Test func withoutAProbeAConnectionIsEnough() async throws {
        let server = try HTTPServer.start(at: .tcp(host: "127.0.0.1", port: 0)) { _ in
            ServerResponse(status: 500)
        }
        let stage = try stage(port: port(of: server), path: nil, timeout: "30s")
        #expect(try await stage.start("await").end() == .code(0))
        await server.stop()
    }

    @Test(arguments: [nil, "/ready"] as [String?])
    func whoIsNotReadyInTimeIsNamed(path: String?) async throws {
        let server = try HTTPServer.start(at: .tcp(host: "127.0.0.1", port: 0)) { _ in
            ServerResponse(status: 500)
        }
        let port = port(of: server)
        await server.stop()
        let stage = try stage(port: port, path: path, timeout: "300ms")
        #expect(try await stage.start("await").end() == .code(PodReport.ExitCode.descriptor))
        let report = try #require(stage.report)
        #expect(report.task == .await)
        #expect(report.outcome.reason == .readyTimeout)
        #expect(
            report.outcome.message == "the server was not ready within 300ms: 127.0.0.1:\(port)\(path ?? "")")
    }
}
