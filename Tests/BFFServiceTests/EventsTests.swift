import API
import BFFClient
import Events
import HTTPMessages
import HTTPServer
import JSON
import Runtime
import TestSupport
import Testing

@testable import BFFService

@Suite struct EventsTests {
    /// A run that went through everything.
    private func finishedRun(_ fixture: Fixture) async throws -> String {
        let id = try await fixture.submit()[0]
        try await fixture.move(id, to: .fetching)
        try await fixture.move(id, to: .fetched)
        try await fixture.move(id, to: .queued, attempt: 1, reason: .waitingForSlot, position: 1)
        try await fixture.move(id, to: .queued, attempt: 1, reason: .waitingForSlot, position: 0)
        try await fixture.move(id, to: .starting, attempt: 1)
        try await fixture.move(id, to: .running, attempt: 1)
        try await fixture.publish(Samples.finished(1), about: id)
        try await fixture.move(id, to: .collecting, attempt: 1)
        try await fixture.publish(Samples.result(id), about: id, key: Samples.series().id)
        try await fixture.settle()
        try await fixture.move(id, to: .succeeded, attempt: 1)
        try await fixture.settle()
        return id
    }

    private let wholeStory = [
        "SUBMITTED", "FETCHING", "FETCHED", "QUEUED 1", "QUEUED 0", "STARTING", "RUNNING", "attempt_finished",
        "COLLECTING", "result", "SUCCEEDED",
    ]

    private func words(_ event: RunEvent) -> String {
        guard event.kind == .status, let status = event.status else { return event.kind.rawValue }
        return status.rawValue + (event.position.map { " \($0)" } ?? "")
    }

    @Test func theStreamTellsTheWholeStoryAndEnds() async throws {
        try await Fixture.run { fixture in
            let id = try await finishedRun(fixture)
            var told: [RunEvent] = []
            for try await event in fixture.client.events(of: id) { told.append(event) }
            #expect(told.map(words) == wholeStory)
            #expect(told.allSatisfy { $0.name == "hello" && $0.run == id })
            #expect(Set(told.map(\.cursor)).count == told.count)
            #expect(Set(told.map(\.id)).count == told.count)
        }
    }

    @Test func whatIsStaleIsNotTold() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            try await fixture.move(id, to: .running, attempt: 1)
            try await fixture.move(id, to: .fetching)
            try await fixture.move(id, to: .running, attempt: 1)
            try await fixture.move(id, to: .failed, attempt: 1)
            try await fixture.move(id, to: .succeeded, attempt: 1)
            var told: [RunEvent] = []
            for try await event in fixture.client.events(of: id) { told.append(event) }
            #expect(told.map(words) == ["SUBMITTED", "RUNNING", "FAILED"])
            let run = try await fixture.client.run(id)
            #expect(run.summary.status == .failed)
            #expect(run.history.map(\.status) == [.submitted, .running, .failed])
        }
    }

    @Test func aStreamResumedAnywhereHasNoGapAndNoRepetition() async throws {
        try await Fixture.run { fixture in
            let id = try await finishedRun(fixture)
            let all = try await fixture.client.eventPage(of: id, limit: 100).items
            #expect(all.count == wholeStory.count)
            for (index, event) in all.enumerated() {
                var rest: [RunEvent] = []
                for try await event in fixture.client.events(of: id, after: event.cursor) {
                    rest.append(event)
                }
                #expect(rest.map(\.id) == all.dropFirst(index + 1).map(\.id))
            }
        }
    }

    @Test func aConnectionThatBreaksAllTheTimeStillTellsEverythingOnce() async throws {
        try await Fixture.run { fixture in
            let id = try await finishedRun(fixture)
            var settings = BFFClient.Settings()
            settings.backoff = Backoff(first: .milliseconds(1), most: .milliseconds(2))
            let transport = RouterTransport(router: fixture.service.router, piecesPerConnection: 1)
            var told: [RunEvent] = []
            for try await event in BFFClient(transport: transport, settings: settings).events(of: id) {
                told.append(event)
            }
            #expect(told.map(words) == wholeStory)
        }
    }

    @Test func whatHappensIsToldWhileItHappens() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            let statuses: [RunStatus] = [.fetching, .fetched, .queued, .starting, .running, .canceled]
            var rest = statuses[...]
            var fastest = Duration.seconds(1)
            var sent = ContinuousClock.now
            for try await event in fixture.client.events(of: id) {
                if event.status != .submitted { fastest = min(fastest, .now - sent) }
                sent = .now
                if let next = rest.popFirst() { try await fixture.move(id, to: next) }
            }
            #expect(rest.isEmpty)
            // A millisecond or two on a quiet machine; this only tells a signal from a poll, which takes a second.
            #expect(fastest < .milliseconds(900))
        }
    }

    @Test func theStreamOfAllRunsBeginsNowAndGoesOn() async throws {
        try await Fixture.run { fixture in
            let old = try await finishedRun(fixture)
            let started = Locked(false)
            let told = try await withThrowingTaskGroup(of: [RunEvent].self) { group in
                group.addTask {
                    var told: [RunEvent] = []
                    for try await event in fixture.client.allEvents() {
                        told.append(event)
                        if told.count == 3 { break }
                    }
                    return told
                }
                group.addTask {
                    // Nothing can be missed once the stream has its subscription.
                    let isThere = await eventually { fixture.service.bff.changes.count > 0 }
                    #expect(isThere)
                    started.withLock { $0 = true }
                    for _ in 0..<3 { try await fixture.submit() }
                    return []
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(told.count == 3)
            #expect(told.allSatisfy { $0.run != old && $0.status == .submitted })
        }
    }

    @Test func theListOfAllRunsEventsIsPaged() async throws {
        try await Fixture.run { fixture in
            let ids = [try await finishedRun(fixture), try await finishedRun(fixture)]
            var told: [RunEvent] = []
            var cursor: String?
            repeat {
                let page = try await fixture.client.eventPage(after: cursor, limit: 4)
                told += page.items
                cursor = page.next
            } while cursor != nil
            #expect(told.map(words) == wholeStory + wholeStory)
            #expect(Set(told.map(\.run)) == Set(ids))
        }
    }

    @Test func anAlarmIsToldOfItsRun() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            try await fixture.publish(
                AlarmChanged(alarm: Samples.alarm(id)), about: id, key: Samples.series().id)
            // Said again it is no news.
            try await fixture.publish(
                AlarmChanged(alarm: Samples.alarm(id)), about: id, key: Samples.series().id)
            try await fixture.settle()
            let told = try await fixture.client.eventPage(of: id).items
            #expect(told.map(words) == ["SUBMITTED", "alarm"])
            #expect(told.last?.alarm == "alarm-1")
            #expect(told.last?.message == "OPEN: latency is 12.5 ms, above 10")
        }
    }

    @Test func aStreamOfADeletedRunEnds() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit()[0]
            var count = 0
            for try await _ in fixture.client.events(of: id) {
                count += 1
                try await fixture.publish(Command(kind: .delete), about: id)
            }
            #expect(count == 1)
        }
    }

    @Test func anEndedStreamLeavesNoSubscription() async throws {
        try await Fixture.run { fixture in
            let id = try await finishedRun(fixture)
            for try await _ in fixture.client.events(of: id) {}
            #expect(await eventually { fixture.service.bff.changes.count == 0 })
        }
    }

    @Test func aQuietStreamSaysThatItIsAlive() {
        #expect(String(decoding: ServerSentEvent.keepAlive, as: UTF8.self).hasPrefix(":"))
        // Clients take a connection for dead after a minute.
        #expect(BFF.keepAlive < .seconds(20))
    }

    @Test func aCursorOfNothingIsRefused() async throws {
        let fixture = try await Fixture()
        for cursor in ["x", "1.2", "a.b.c"] {
            let answer = try await fixture.ask(
                .get, "/v1/events?cursor=\(cursor)", headers: ["Accept": "application/json"])
            #expect(answer.status == 400)
        }
    }
}
