import Glibc
import Runtime
import TestSupport
import Testing

@testable import AgentService

@Suite struct OutboxTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func texts(_ outbox: Outbox, limit: Int = .max >> 1) -> [String] {
        outbox.next(limit: limit)?.lines.map { String(decoding: $0, as: UTF8.self) } ?? []
    }

    @Test func whatIsWrittenIsDeliveredInOrderAndOnce() throws {
        let folder = try TemporaryFolder()
        let outbox = try Outbox(folder.path)
        #expect(outbox.checkpoint == nil)
        #expect(outbox.next(limit: 100) == nil)
        #expect(outbox.append([bytes("a"), bytes("b")], checkpoint: bytes("1")))
        #expect(outbox.append([bytes("c")], checkpoint: bytes("2")))
        #expect(texts(outbox) == ["a", "b", "c"])
        // Until it is confirmed it comes again.
        #expect(texts(outbox) == ["a", "b", "c"])
        let (_, end) = try #require(outbox.next(limit: 3))
        #expect(texts(outbox, limit: 3) == ["a"])
        outbox.confirm(end)
        #expect(texts(outbox) == ["b", "c"])
    }

    @Test func whoComesAfterAKillGoesOnFromTheLastCheckpoint() throws {
        let folder = try TemporaryFolder()
        do {
            let outbox = try Outbox(folder.path)
            #expect(outbox.append([bytes("a")], checkpoint: bytes("1")))
            outbox.confirm(try #require(outbox.next(limit: 100)).end)
            #expect(outbox.append([bytes("b")], checkpoint: bytes("2")))
        }
        // Killed in the middle of a lot.
        let file = open(folder.file("0.ndjson"), O_WRONLY | O_APPEND)
        _ = "c\nd\n#3".withCString { write(file, $0, strlen($0)) }
        close(file)
        let outbox = try Outbox(folder.path)
        #expect(outbox.checkpoint == bytes("2"))
        #expect(texts(outbox) == ["b"])
        #expect(outbox.append([bytes("e")], checkpoint: bytes("3")))
        #expect(texts(outbox) == ["b", "e"])
    }

    @Test func filesThatAreDeliveredAreRemoved() throws {
        let folder = try TemporaryFolder()
        let outbox = try Outbox(folder.path)
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        for number in 0..<10 { #expect(outbox.append([line], checkpoint: bytes("\(number)"))) }
        #expect(outbox.backlog > 10 << 20)
        while let (_, end) = outbox.next(limit: 1 << 21) { outbox.confirm(end) }
        #expect(outbox.backlog < 1 << 10)
        #expect(access(folder.file("0.ndjson"), F_OK) != 0)
        #expect(try Outbox(folder.path).checkpoint == bytes("9"))
    }

    @Test func aFileThatWasOnlyBegunIsBegunAgain() throws {
        let folder = try TemporaryFolder()
        do {
            let outbox = try Outbox(folder.path)
            #expect(outbox.append([bytes("a")], checkpoint: bytes("1")))
        }
        try folder.write("1.ndjson", "")
        let outbox = try Outbox(folder.path)
        #expect(outbox.checkpoint == bytes("1"))
        #expect(texts(outbox) == ["a"])
    }

    @Test(.enabled(if: SmallDisk.isPossible)) func withoutRoomNothingOfALotIsThere() throws {
        let disk = try SmallDisk(megabytes: 1)
        let outbox = try Outbox(disk.path)
        #expect(outbox.append([bytes("a")], checkpoint: bytes("1")))
        try disk.fill()
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
        #expect(!outbox.append([long], checkpoint: bytes("2")))
        #expect(texts(outbox) == ["a"])
        disk.empty()
        #expect(outbox.append([long], checkpoint: bytes("2")))
        #expect(outbox.checkpoint == bytes("2"))
    }

    @Test func aLineLongerThanTheLimitIsGivenAlone() throws {
        let folder = try TemporaryFolder()
        let outbox = try Outbox(folder.path)
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 1000)
        #expect(outbox.append([long, bytes("b")], checkpoint: bytes("1")))
        #expect(texts(outbox, limit: 10).map(\.count) == [1000])
    }
}
