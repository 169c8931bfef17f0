import Descriptors
import Events
import HTTPClient
import HTTPMessages
import HTTPServer
import JSON
import Notification
import Runtime
import ServiceLoop
import TestSupport
import Testing

@testable import AnalyzerService

/// The analyzer in its loop, over a log, with a team's receiver.
@Suite struct AnalyzerTests {
    /// A receiver that answers as a test says and keeps the ids of what it was sent.
    private final class Receiver: Sendable {
        private let state: Locked<(ids: [String], events: [String], answers: [Int])>
        let server: HTTPServer

        init(at address: ServerAddress = .tcp(host: "127.0.0.1", port: 0), answers: [Int] = []) throws {
            let state = Locked((ids: [String](), events: [String](), answers: answers))
            self.state = state
            server = try HTTPServer.start(at: address) { request in
                let status = state.withLock { state in
                    state.ids.append(request.headers["Bai-Delivery"] ?? "")
                    state.events.append(request.headers["Bai-Event"] ?? "")
                    return state.answers.isEmpty ? 200 : state.answers.removeFirst()
                }
                return ServerResponse(status: status)
            }
        }

        var ids: [String] { state.withLock { $0.ids } }
        var events: [String] { state.withLock { $0.events } }
        func stop() async { await server.stop(within: .zero) }
    }

    private struct Fixture {
        let stage: ServiceStage
        let lines = Locked<[String]>([])

        init() async throws { stage = try await ServiceStage(services: "analyzer") }

        func analyzer(_ address: ServerAddress?) -> Analyzer {
            let settings = NotificationSettings(
                webhooks: address.map { ["team": WebhookSettings(url: "http://\($0)/")] } ?? [:])
            let lines = lines
            let output = StructuredLog(service: "analyzer") { line in lines.withLock { $0.append(line) } }
            return Analyzer(
                channels: NotificationChannels(
                    settings, secrets: SecretSource(environment: [:]), output: output),
                output: output)
        }

        /// Results go by their series, and are about their run.
        func send(_ results: ResultComputed...) async throws {
            for result in results { try await stage.send(result, to: result.run, key: result.series.id) }
        }

        func alarms() async throws -> [Alarm] {
            try await stage.events(on: .alarms).map { try $0.payload(as: AlarmChanged.self).alarm }
        }

        func logged(_ message: String) -> [String] {
            lines.withLock { $0.filter { $0.contains("\"message\":\"\(message)\"") } }
        }
    }

    @Test func aTeamIsToldOnceWhenAnAlarmIsRaisedAndOnceWhenItIsOver() async throws {
        let fixture = try await Fixture()
        let receiver = try Receiver()
        try await fixture.stage.running(fixture.analyzer(receiver.server.address)) {
            try await fixture.send(Given.result("r1", [300]), Given.result("r1", [300]))
            #expect(await eventually { receiver.events == ["alarm.open"] })
            try await fixture.send(Given.result("r2", [301]), Given.result("r3", [200]))
            #expect(await eventually { receiver.events.count == 2 })
        }
        #expect(receiver.events == ["alarm.open", "alarm.resolved"])
        #expect(try await fixture.alarms().map(\.state) == [.open, .resolved])
        let events = try await fixture.stage.events(on: .alarms)
        #expect(events.map(\.actionID) == ["r1", "r3"], "an alarm is about the run that changed it")
        await receiver.stop()
    }

    @Test func whatIsDeliveredAgainAndLateTellsNobodyTwice() async throws {
        let fixture = try await Fixture()
        let receiver = try Receiver()
        fixture.stage.deliverEverythingAgain()
        try await fixture.stage.running(fixture.analyzer(receiver.server.address)) {
            try await fixture.send(Given.result("r1", [300]))
            #expect(await eventually { receiver.events == ["alarm.open"] })
            try await fixture.send(Given.result("r2", [301]), Given.result("r3", [200]))
            #expect(await eventually { receiver.events.count == 2 })
        }
        #expect(receiver.events == ["alarm.open", "alarm.resolved"])
        #expect(try await fixture.alarms().map(\.state) == [.open, .resolved])
        await receiver.stop()
    }

    @Test func aReceiverThatFailsOnceGetsTheSameNoticeAgain() async throws {
        let fixture = try await Fixture()
        let receiver = try Receiver(answers: [500])
        try await fixture.stage.running(fixture.analyzer(receiver.server.address)) {
            try await fixture.send(Given.result("r1", [300]))
            #expect(await eventually { receiver.ids.count == 2 })
        }
        #expect(Set(receiver.ids).count == 1)
        #expect(try await fixture.alarms().map(\.problems) == [[]])
        await receiver.stop()
    }

    @Test func aReceiverThatIsDownIsToldWhenItIsBack() async throws {
        let fixture = try await Fixture()
        let first = try Receiver()
        let address = first.server.address
        await first.stop()
        let time = ManualTime()
        try await fixture.stage.running(fixture.analyzer(address), time: time) {
            try await fixture.send(Given.result("r1", [300]))
            #expect(try await eventually { try await fixture.alarms().count == 1 })
            // It is tried, in vain, for a while.
            for _ in 0..<20 {
                time.advance(by: .seconds(30))
                await Task.yield()
            }
            let second = try Receiver(at: address)
            #expect(
                await eventually {
                    time.advance(by: .seconds(30))
                    return !second.ids.isEmpty
                })
            // Time that runs ahead may end a delivery's deadline before its answer is read: then it comes again, under the same id.
            #expect(Set(second.ids).count == 1)
            #expect(Set(second.events) == ["alarm.open"])
            await second.stop()
        }
    }

    @Test func anAnalyzerThatWasStoppedTellsWhatWasLeftToTell() async throws {
        let fixture = try await Fixture()
        let first = try Receiver()
        let address = first.server.address
        await first.stop()
        try await fixture.stage.running(fixture.analyzer(address)) {
            try await fixture.send(Given.result("r1", [300]))
            #expect(try await eventually { try await fixture.alarms().count == 1 })
        }
        let second = try Receiver(at: address)
        try await fixture.stage.running(fixture.analyzer(address)) {
            #expect(await eventually { second.events == ["alarm.open"] })
        }
        #expect(try await fixture.alarms().count == 1)
        await second.stop()
    }

    // After the commit nothing can fail but the whole process; that is the end-to-end tests' to try.
    @Test(arguments: ["before-take", "after-take", "before-effect", "after-effect", "before-commit"])
    func anAnalyzerThatFailsAnywhereRaisesOneAlarm(_ point: String) async throws {
        let fixture = try await Fixture()
        let receiver = try Receiver()
        let analyzer = fixture.analyzer(receiver.server.address)
        try await fixture.send(Given.result("r1", [300]))
        for pass in 1...3 {
            // The loop may end by the injected error: it is started again, as the supervisor would.
            _ = try? await fixture.stage.running(
                analyzer, failPoints: FailPoints("analyzer.\(point):error@\(pass)")
            ) {
                _ = await eventually(within: .milliseconds(200)) { !receiver.ids.isEmpty }
            }
        }
        try await fixture.stage.running(analyzer) {
            #expect(await eventually { !receiver.ids.isEmpty })
        }
        #expect(try await fixture.alarms().map(\.state) == [.open])
        #expect(Set(receiver.ids).count == 1, "whatever is sent twice has the same id")
        await receiver.stop()
    }

    @Test func theLogIsAChannel() async throws {
        let fixture = try await Fixture()
        let rule = Descriptor.Alarm(metric: "latency", above: 250, notify: ["log"])
        try await fixture.stage.running(fixture.analyzer(nil)) {
            try await fixture.send(Given.result("r1", [300], rules: [rule]))
            #expect(await eventually { fixture.logged("alarm raised").count == 1 })
        }
        #expect(fixture.logged("alarm raised").count == 1)
    }

    @Test func aChannelThatNobodySetUpIsAProblemOfTheAlarm() async throws {
        let fixture = try await Fixture()
        try await fixture.stage.running(fixture.analyzer(nil)) {
            try await fixture.send(Given.result("r1", [300]))
            #expect(try await eventually { try await fixture.alarms().count == 2 })
            try await fixture.send(Given.result("r2", [100]))
            #expect(try await eventually { try await fixture.alarms().count == 4 })
        }
        let alarms = try await fixture.alarms()
        #expect(Set(alarms.map(\.id)).count == 1)
        #expect(
            alarms[1].problems == [
                "nobody was told of it: webhook:team: no such webhook; "
                    + "set notifications.webhook.team.url in bai.toml"
            ])
        #expect(alarms.last?.problems.count == 2)
        #expect(fixture.logged("nobody was told of an alarm").count == 2)
        #expect(try await fixture.stage.events(on: .deadletter).isEmpty)
    }

    @Test func aRecordThatCannotBeReadEndsNoRun() async throws {
        let fixture = try await Fixture()
        try await fixture.stage.running(fixture.analyzer(nil)) {
            var event = try Event.sample(Given.result("r1", [300]))
            event.payload = ["v": 99]
            try await fixture.stage.send(event, on: .results, key: "s1")
            #expect(try await eventually { try await fixture.stage.events(on: .deadletter).count == 1 })
        }
        #expect(try await fixture.stage.events(on: .status).isEmpty)
    }
}
