import API
import BFFClient
import Events
import HTTPMessages
import HTTPServer
import JSON
import MessageLog
import Runtime
import TestSupport
import Testing

@testable import BFFService

@Suite struct IdempotencyTests {
    @Test func theSameKeyAndRequestAnswerTheSameRuns() async throws {
        try await Fixture.run { fixture in
            let first = try await fixture.client.submit(Samples.request(), idempotencyKey: "k1")
            let second = try await fixture.client.submit(Samples.request(), idempotencyKey: "k1")
            #expect(!first.isRepeated)
            #expect(second.isRepeated)
            #expect(second.runs == first.runs)
            #expect(try await fixture.count(.runs) == 1)
        }
    }

    @Test func theStatusTellsWhetherSomethingWasMade() async throws {
        try await Fixture.run { fixture in
            let body = try JSONCoding.text(Samples.request())
            let headers: HTTPHeaders = ["Idempotency-Key": "k1"]
            #expect(try await fixture.ask(.post, "/v1/runs", headers: headers, body: body).status == 201)
            #expect(try await fixture.ask(.post, "/v1/runs", headers: headers, body: body).status == 200)
        }
    }

    @Test func aWholeSweepIsRepeatedInItsOrder() async throws {
        try await Fixture.run { fixture in
            let request = Samples.request(Samples.descriptor(more: "[matrix]\nsize = [1, 2, 3]"))
            let first = try await fixture.client.submit(request, idempotencyKey: "k1")
            let second = try await fixture.client.submit(request, idempotencyKey: "k1")
            #expect(second.runs == first.runs)
            #expect(second.sweep == first.sweep)
            #expect(second.runs.map { $0.parameters["size"] } == [1, 2, 3])
        }
    }

    @Test func theSameKeyWithAnotherRequestIsAConflict() async throws {
        try await Fixture.run { fixture in
            _ = try await fixture.client.submit(Samples.request(), idempotencyKey: "k1")
            var other = Samples.request()
            other.overrides = ["run.repeats=2"]
            let error = await #expect(throws: BFFClientError.self) {
                try await fixture.client.submit(other, idempotencyKey: "k1")
            }
            #expect(error?.code == .refused(.conflict))
            #expect(try await fixture.count(.runs) == 1)
        }
    }

    @Test func anotherVersionOfTheClientAsksTheSame() async throws {
        try await Fixture.run { fixture in
            var request = Samples.request()
            let first = try await fixture.client.submit(request, idempotencyKey: "k1")
            request.client.version = "2"
            #expect(try await fixture.client.submit(request, idempotencyKey: "k1").runs == first.runs)
        }
    }

    @Test func keysOfDifferentClientsAreDifferentKeys() async throws {
        try await Fixture.run { fixture in
            let one = try await fixture.submit(key: "k", client: "one")
            let two = try await fixture.submit(key: "k", client: "two")
            #expect(one != two)
        }
    }

    @Test func concurrentRequestsWithOneKeyMakeOneSetOfRuns() async throws {
        try await Fixture.run { fixture in
            let request = Samples.request(Samples.descriptor(more: "[matrix]\nsize = [1, 2]"))
            let responses = try await withThrowingTaskGroup(of: SubmitResponse.self) { group in
                for _ in 0..<16 {
                    group.addTask { try await fixture.client.submit(request, idempotencyKey: "k") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(responses.map { $0.runs.map(\.id) }).count == 1)
            #expect(responses.filter { !$0.isRepeated }.count == 1)
            #expect(try await fixture.count(.runs) == 2)
        }
    }

    @Test func aRequestWhoseAnswerGotLostIsNotDoneAgainAfterACrash() async throws {
        let log = InMemoryLog()
        // The first service publishes and never comes to project what it published.
        let first = try await Fixture(log: log)
        let body = try JSONCoding.text(Samples.request())
        let lost = Task {
            try await first.ask(.post, "/v1/runs", headers: ["Idempotency-Key": "k"], body: body)
        }
        #expect(try await lost.value.status == 201)
        try await Fixture.run(log: log) { second in
            let repeated = try await second.client.submit(Samples.request(), idempotencyKey: "k")
            #expect(repeated.isRepeated)
            #expect(try await second.count(.runs) == 1)
        }
    }

    @Test func idsFollowFromClientAndKey() {
        let ids = RunIDs(client: "c", key: "k")
        #expect(ids.run(0) == RunIDs(client: "c", key: "k").run(0))
        let others = [
            ids.run(1), ids.sweep, RunIDs(client: "c", key: "k2").run(0),
            RunIDs(client: "ck", key: "").run(0),
        ]
        #expect(Set(others + [ids.run(0)]).count == 5)
        let id = ids.run(0)
        #expect(id.count == 36)
        #expect(Array(id)[14] == "8")
        #expect("89ab".contains(Array(id)[19]))
    }

    @Test func aKeyStaysUsedWhenItsRunIsDeleted() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit(key: "k")[0]
            try await fixture.move(id, to: .canceled)
            try await fixture.client.delete(id)
            #expect(try await fixture.submit(key: "k") == [id])
            #expect(try await fixture.count(.runs) == 1)
        }
    }

    @Test(arguments: ["", "a b", "ä", String(repeating: "k", count: 256)])
    func aKeyThatCannotBeKeptIsRefused(_ key: String) async throws {
        let fixture = try await Fixture()
        let body = try JSONCoding.text(Samples.request())
        let answer = try await fixture.ask(.post, "/v1/runs", headers: ["Idempotency-Key": key], body: body)
        #expect(answer.status == 400)
    }
}
