import API
import BFFClient
import Events
import HTTPMessages
import HTTPServer
import JSON
import MessageLog
import Runtime
import Testing

@testable import BFFService

@Suite struct CancelAndDeleteTests {
    @Test(arguments: RunStatus.allCases)
    func cancelWorksInEveryState(_ status: RunStatus) async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            if status != .submitted { try await fixture.move(id, to: status, attempt: 1) }
            try await fixture.settle()
            let answer = try await fixture.ask(.post, "/v1/runs/\(id)/cancel", body: #"{"reason": "enough"}"#)
            #expect(answer.status == (status.isFinal ? 200 : 202))
            #expect(answer.body["id"]?.string == id)
            #expect(try await fixture.count(.commands) == (status.isFinal ? 0 : 1))
        }
    }

    @Test func theCommandSaysWhatWasAsked() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            try await fixture.client.cancel(id, CancelRequest(reason: "enough", force: true))
            let partition = Partitioner.partition(of: id, among: Fixture.partitions)
            let record = try #require(
                try await fixture.log.read(
                    TopicPartition(topic: "commands", partition: partition), from: 0, limit: ReadLimit()
                ).first)
            let event = try JSONCoding.decode(Event.self, from: record.value ?? [])
            #expect(record.key == id)
            #expect(
                try event.payload(as: Command.self)
                    == Command(kind: .cancel, isGraceful: false, reason: "enough"))
        }
    }

    @Test func cancelAskedAgainAddsNothingAndForceAddsForce() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            for force in [false, false, true, true, false] {
                try await fixture.client.cancel(id, CancelRequest(force: force))
                try await fixture.settle()
            }
            #expect(try await fixture.count(.commands) == 2)
            let told = try await fixture.client.eventPage(of: id).items
            #expect(told.map(\.kind) == [.status, .cancelRequested, .cancelRequested])
        }
    }

    @Test func cancelNeedsNoBody() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            let answer = try await fixture.ask(.post, "/v1/runs/\(id)/cancel")
            #expect(answer.status == 202)
        }
    }

    @Test(arguments: RunStatus.allCases)
    func onlyARunThatHasEndedCanBeDeleted(_ status: RunStatus) async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            if status != .submitted { try await fixture.move(id, to: status, attempt: 1) }
            let answer = try await fixture.ask(.delete, "/v1/runs/\(id)")
            #expect(answer.status == (status.isFinal ? 204 : 409))
            let again = try await fixture.ask(.get, "/v1/runs/\(id)")
            #expect(again.status == (status.isFinal ? 404 : 200))
            #expect(try await fixture.client.runs().items.isEmpty == status.isFinal)
            #expect(try await fixture.count(.commands) == (status.isFinal ? 1 : 0))
        }
    }

    @Test func nothingOfADeletedRunIsShownAnyMore() async throws {
        try await Fixture.run { fixture in
            let (gone, kept) = (try await fixture.submit()[0], try await fixture.submit()[0])
            for id in [gone, kept] {
                try await fixture.publish(Samples.finished(1), about: id)
                try await fixture.publish(
                    Samples.result(id, finished: id == gone ? 2 : 1), about: id, key: Samples.series().id)
            }
            try await fixture.move(gone, to: .succeeded, attempt: 1)
            try await fixture.client.delete(gone)
            // What comes late is not shown either.
            try await fixture.publish(Samples.result(gone), about: gone, key: Samples.series().id)
            try await fixture.move(gone, to: .running, attempt: 2)
            try await fixture.settle()
            let series = try await fixture.client.series(Samples.series().id)
            #expect(series.results.map(\.run) == [kept])
            let listed = try await fixture.client.series().items
            #expect(listed.map(\.count) == [1])
            #expect(listed.map(\.last.run) == [kept])
            let told = try await fixture.client.eventPage(limit: 100).items
            #expect(Set(told.map(\.run)) == [kept])
            #expect(try await fixture.client.runs().items.map(\.id) == [kept])
        }
    }
}
