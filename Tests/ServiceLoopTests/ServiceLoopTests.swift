import Events
import JSON
import MessageLog
import Runtime
import ServiceLoop
import TestSupport
import Testing

@Suite struct ServiceLoopTests {
    private func expect(
        sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
    ) async throws {
        let holds = try await eventually(condition)
        #expect(holds, sourceLocation: sourceLocation)
    }

    @Test func eachRecordIsDecidedOnWhatTheOnesBeforeItLeft() async throws {
        let stage = try await ToyStage()
        try await stage.running(stage.loop()) {
            try await stage.send("one", "two", to: "r")
            try await expect { try await stage.published("r") == ["one", "two"] }
        }
        #expect(stage.world.notes == ["r:one", "r:two"])
    }

    @Test func whatIsPublishedFollowsFromWhatCameIn() async throws {
        let stage = try await ToyStage()
        try await stage.running(stage.loop()) {
            try await stage.send("one", to: "r")
            try await expect { try await stage.published("r") == ["one"] }
        }
        let event = try #require(try await stage.events(.status).first)
        #expect(event.messageID == "r/toy/one")
        #expect(event.clientUsername == "u")
        #expect(event.visited.map(\.svc) == ["bai-toy"])
    }

    @Test func anEffectReportsBackThroughASignal() async throws {
        let stage = try await ToyStage()
        try await stage.running(stage.loop()) {
            try await stage.send("ask", to: "r")
            try await expect { try await stage.published("r") == ["ask", "answer"] }
        }
    }

    @Test func theStateOutlivesTheLoopAndItsEffectsStartAgain() async throws {
        let stage = try await ToyStage()
        try await stage.running(stage.loop()) {
            try await stage.send("one", to: "r")
            try await stage.send("gone", "forget", to: "s")
            try await expect {
                try await stage.published("s") + (try await stage.published("r")) == ["gone", "one"]
            }
        }
        try await stage.running(stage.loop()) {
            #expect(await eventually { stage.world.notes.contains("r:restored") })
            try await stage.send("two", to: "r")
            try await expect { try await stage.published("r") == ["one", "two"] }
        }
        #expect(!stage.world.notes.contains("s:restored"), "what was let go must not come back")
        #expect(
            stage.world.notes.filter { $0 == "r:one" }.count == 1,
            "a committed record must not be taken again")
    }

    @Test func aKeyIsDecidedAgainWhenTheTimeItAskedForHasCome() async throws {
        let stage = try await ToyStage()
        let time = stage.time
        try await stage.running(stage.loop(time: time)) {
            try await stage.send("sleep", to: "r")
            try await expect { try await stage.published("r") == ["sleep"] }
            try await expect {
                time.advance(by: .seconds(30))
                return try await stage.published("r") == ["sleep", "woken"]
            }
        }
    }

    @Test func aRecordThatCannotBeUnderstoodBecomesADeadLetterAndTheRunAnError() async throws {
        let stage = try await ToyStage()
        try await stage.running(stage.loop()) {
            try await stage.send("one", "poison", "two", to: "r")
            try await expect { try await stage.published("r").last == "two" }
        }
        let letter = try #require(try await stage.events(.deadletter).first).payload(as: DeadLetter.self)
        #expect(letter.reason.contains("is poison"))
        #expect(letter.topic == "commands" && letter.offset == 1 && letter.text?.contains("poison") == true)
        let statuses = try await stage.events(.status).map { try $0.payload(as: StatusChanged.self).status }
        #expect(statuses == [.running, .error, .running])
    }

    @Test func aStateThatCannotBeReadIsPutAsideAndTheOthersGoOn() async throws {
        let stage = try await ToyStage(partitions: 1)
        try await stage.running(stage.loop()) {
            try await stage.send("one", to: "r")
            try await expect { try await stage.published("r") == ["one"] }
        }
        _ = try await stage.log.publish([
            NewRecord(topic: Topic.state(of: "toy"), key: "bad", value: [0xff, 0x00])
        ])
        try await stage.running(stage.loop()) {
            try await expect { try await stage.events(.deadletter).count == 1 }
            try await stage.send("two", to: "r")
            try await expect { try await stage.published("r") == ["one", "two"] }
        }
        let letter = try #require(try await stage.events(.deadletter).first).payload(as: DeadLetter.self)
        #expect(letter.topic == "state.toy" && letter.key == "bad" && letter.bytes == "/wA=")
        #expect(letter.reason.contains("state.toy/0@"))
        let ends = try await stage.events(.status).filter { $0.actionID == "bad" }
        #expect(try ends.map { try $0.payload(as: StatusChanged.self).status } == [.error])
        try await stage.running(stage.loop()) {
            try await stage.send("three", to: "r")
            try await expect { try await stage.published("r") == ["one", "two", "three"] }
        }
        #expect(try await stage.events(.deadletter).count == 1, "put aside once and for all")
    }

    @Test func aBadRecordOfTheLargestSizeIsPutAsideWithoutItsContent() async throws {
        let stage = try await ToyStage()
        let garbage = [UInt8](repeating: 0xff, count: NewRecord.largestValue)
        _ = try await stage.log.publish([NewRecord(topic: "commands", key: "r", value: garbage)])
        try await stage.running(stage.loop()) {
            try await stage.send("one", to: "r")
            try await expect { try await stage.published("r").last == "one" }
        }
        let letter = try #require(try await stage.events(.deadletter).first).payload(as: DeadLetter.self)
        #expect(letter.text == nil && letter.bytes == nil)
        #expect(letter.reason.contains("8388608 bytes are too many"))
    }

    @Test func oneBadRecordTakesNoOtherRunWithIt() async throws {
        let stage = try await ToyStage(partitions: 1)
        try await stage.send("poison", to: "bad")
        for index in 0..<10 { try await stage.send("fine", to: "r\(index)") }
        try await stage.running(stage.loop()) {
            try await expect { try await stage.events(.status).count == 11 }
        }
        #expect(try await stage.events(.deadletter).count == 1)
    }

    @Test func anEffectThatFailsForNoGoodReasonIsTriedAFewTimes() async throws {
        let stage = try await ToyStage()
        stage.world.fail("r:one", times: 3, isTransient: false)
        try await stage.running(stage.loop()) {
            try await stage.send("one", to: "r")
            try await expect { try await stage.published("r") == ["one"] }
        }
        #expect(try await stage.events(.deadletter).isEmpty)
    }

    @Test func anEffectThatFailsForGoodBecomesADeadLetter() async throws {
        let stage = try await ToyStage()
        stage.world.fail("r:one", times: .max, isTransient: false)
        try await stage.running(stage.loop()) {
            try await stage.send("one", to: "r")
            try await expect { try await stage.events(.deadletter).count == 1 }
        }
        let letter = try #require(try await stage.events(.deadletter).first).payload(as: DeadLetter.self)
        #expect(letter.tries == 5)
    }

    @Test func aTransientFailureIsWaitedOutHoweverLong() async throws {
        let stage = try await ToyStage()
        stage.world.fail("r:one", times: 50, isTransient: true)
        let loop = stage.loop()
        try await stage.running(loop) {
            try await stage.send("one", to: "r")
            #expect(await eventually { loop.health.snapshot.waitingFor != nil })
            try await expect { try await stage.published("r") == ["one"] }
        }
        #expect(loop.health.snapshot.waitingFor == nil)
        #expect(try await stage.events(.deadletter).isEmpty)
    }

    @Test func anErrorBetweenEffectAndCommitRepeatsTheEffectAndNothingElse() async throws {
        let stage = try await ToyStage()
        let failPoints = FailPoints("toy.after-effect:error")
        try await stage.running(stage.loop(failPoints: failPoints)) {
            try await stage.send("one", to: "r")
            try await expect { try await stage.published("r") == ["one"] }
        }
        #expect(stage.world.notes == ["r:one", "r:one"])
        #expect(try await stage.published("r") == ["one"])
    }

    @Test func twoLoopsShareTheRunsAndNoneIsDecidedTwice() async throws {
        let stage = try await ToyStage(partitions: 4)
        let (first, second) = (stage.loop(node: "a"), stage.loop(node: "b"))
        try await stage.running(first) {
            try await stage.running(second) {
                for index in 0..<40 { try await stage.send("one", "two", to: "r\(index)") }
                try await expect { try await stage.events(.status).count == 80 }
            }
        }
        for index in 0..<40 {
            let published = try await stage.published("r\(index)")
            #expect(published == ["one", "two"])
        }
    }

    @Test func recordsThatChangeNothingAreCommittedSoonerOrLater() async throws {
        let stage = try await ToyStage(partitions: 1)
        try await stage.running(stage.loop()) {
            try await stage.send("ignore", to: "r")
            let partition = TopicPartition(topic: "commands", partition: 0)
            try await expect { try await stage.log.committedOffsets(of: "toy")[partition] == 1 }
        }
        #expect(try await stage.events(.status).isEmpty)
    }

    @Test func endingReleasesWhatIsInHand() async throws {
        let stage = try await ToyStage()
        try await stage.running(stage.loop()) {
            try await stage.send("one", to: "r")
            try await expect { try await stage.published("r") == ["one"] }
        }
        #expect(stage.world.releasedKeys == ["r"])
    }
}
