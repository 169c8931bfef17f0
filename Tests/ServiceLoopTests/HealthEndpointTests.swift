import Events
import HTTPMessages
import HTTPServer
import Runtime
import ServiceLoop
import TestSupport
import Testing

@Suite struct HealthEndpointTests {
    private func ask(_ path: String, of loop: ServiceLoop<ToySubject>) async throws -> (
        status: Int, text: String
    ) {
        let request = try #require(ServerRequest(.get, path))
        let endpoint = HealthEndpoint(of: loop.health, at: .unixSocket("/unused"), time: SystemTime())
        let answer = await endpoint.router.answer(request)
        guard case .bytes(let bytes) = answer.body else { return (answer.status, "") }
        return (answer.status, String(decoding: bytes, as: UTF8.self))
    }

    @Test func aServiceThatWorksIsWellAndCountsWhatItDid() async throws {
        let stage = try await ToyStage()
        let loop = stage.loop()
        try await stage.running(loop) {
            try await stage.send("one", to: "r")
            let isHandled = await eventually { loop.health.snapshot.recordsHandled == 1 }
            #expect(isHandled)
        }
        #expect(try await ask("/health", of: loop).status == 200)
        #expect(
            try await ask("/metrics", of: loop).text.contains(
                "bai_records_handled_total{service=\"bai-toy\"} 1\n"))
    }

    @Test func aServiceThatWaitsSaysForWhat() async throws {
        let stage = try await ToyStage()
        stage.world.fail("r:one", times: .max, isTransient: true)
        let loop = stage.loop()
        try await stage.running(loop) {
            try await stage.send("one", to: "r")
            let isWaiting = await eventually { loop.health.snapshot.waitingFor != nil }
            #expect(isWaiting)
            let answer = try await ask("/health", of: loop)
            #expect(answer.status == 503 && answer.text.contains("\"waiting\""))
            #expect(try await ask("/live", of: loop).status == 200, "starting it again would not help")
        }
    }
}
