import API
import BFFClient
import Events
import FoundationEssentials
import HTTPMessages
import HTTPServer
import JSON
import MessageLog
import Runtime
import ServiceLoop
import TestSupport
import Testing

@testable import BFFService

/// Through the real server and the real client, over a unix socket.
@Suite struct ServerTests {
    private func serving<Result: Sendable>(
        _ body: @escaping @Sendable (Fixture, BFFClient) async throws -> Result
    ) async throws -> Result {
        let fixture = try await Fixture()
        let path = fixture.folder.file("bff.sock")
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await fixture.service.serve(at: .unixSocket(path))
                return nil
            }
            group.addTask {
                let client = BFFClient(endpoint: .unixSocket(path: path))
                #expect(await eventually { (try? await client.version()) != nil })
                return try await body(fixture, client)
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    @Test func aRunIsSubmittedFollowedAndRead() async throws {
        try await serving { fixture, client in
            let id = try await client.submit(Samples.request(), idempotencyKey: "k").runs[0].id
            #expect(try await fixture.submission(of: id).source.directory == "/home/ann/hello")
            try await fixture.move(id, to: .running, attempt: 1)
            var told: [RunStatus?] = []
            for try await event in client.events(of: id) {
                told.append(event.status)
                if event.status == .running { try await fixture.move(id, to: .succeeded, attempt: 1) }
            }
            #expect(told == [.submitted, .running, .succeeded])
            #expect(try await client.run(id).summary.status == .succeeded)
            try await client.delete(id)
            #expect(try await client.runs().items == [])
        }
    }

    @Test func theSocketIsForItsOwnerAlone() async throws {
        try await serving { fixture, _ in
            let path = fixture.folder.file("bff.sock")
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func aRefusalKeepsItsCodeAndItsProblems() async throws {
        try await serving { _, client in
            let missing = await #expect(throws: BFFClientError.self) { try await client.run("ffffffff") }
            #expect(missing?.code == .refused(.notFound))
            let broken = await #expect(throws: BFFClientError.self) {
                try await client.submit(Samples.request("x = "))
            }
            #expect(broken?.code == .refused(.invalidDescriptor))
            #expect(broken?.problems.isEmpty == false)
        }
    }

    @Test func aBodyThatIsTooLargeIsRefused() async throws {
        try await serving { _, client in
            let request = Samples.request(String(repeating: "#", count: 9 << 20))
            let error = await #expect(throws: BFFClientError.self) { try await client.submit(request) }
            #expect(error?.code == .refused(.tooLarge))
        }
    }

    @Test func aStreamThatIsOpenDoesNotKeepTheServiceFromEnding() async throws {
        let told = Locked(ContinuousClock.now)
        try await serving { fixture, client in
            let id = try await client.submit(Samples.request()).runs[0].id
            for try await _ in client.events(of: id) { break }
            told.withLock { $0 = .now }
        }
        #expect(.now - told.withLock { $0 } < .seconds(15))
    }
}
