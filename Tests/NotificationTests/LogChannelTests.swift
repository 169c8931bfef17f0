import Events
import Notification
import Runtime
import Testing

@Suite struct LogChannelTests {
    private func line(_ state: Alarm.State) async throws -> String {
        let lines = Locked<[String]>([])
        let output = StructuredLog(service: "bai-analyzer") { line in lines.withLock { $0.append(line) } }
        try await LogChannel(output: output).deliver(AlarmNotice(id: "d", alarm: Sample.alarm(state)))
        let all = lines.withLock { $0 }
        #expect(all.count == 1)
        return all.first ?? ""
    }

    @Test func anAlarmIsOneLineThatSaysWhatItIsAbout() async throws {
        let line = try await line(.open)
        #expect(line.contains(#""level":"warning""#))
        #expect(line.contains(#""message":"alarm raised""#))
        for field in [
            #""alarm.id":"a1b2""#, #""alarm.severity":"warning""#, #""alarm.text":"latency is 300 ms""#,
            #""benchmark":"bench""#, #""delivery.id":"d""#, #""metric":"latency""#, #""run.id":"r1""#,
            #""series.id":"s1""#,
        ] {
            #expect(line.contains(field), "\(line)")
        }
    }

    @Test func aResolvedAlarmNamesTheRunThatWasFineAgain() async throws {
        let line = try await line(.resolved)
        #expect(line.contains(#""level":"info""#))
        #expect(line.contains(#""message":"alarm resolved""#))
        #expect(line.contains(#""run.id":"r2""#))
    }
}
