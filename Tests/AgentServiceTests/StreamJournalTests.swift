import Glibc
import Runtime
import TestSupport
import Testing

@testable import AgentService

@Suite struct StreamJournalTests {
    private let time = Timestamp(milliseconds: 1_700_000_000_123)

    private func append(_ text: String, to writer: JournalWriter, _ channel: StreamJournal.Channel = .stdout)
    {
        Array(text.utf8).withUnsafeBytes { writer.append(channel, $0, at: time) }
    }

    private func read(_ reader: JournalReader, limit: Int = .max) throws -> [String] {
        var texts: [String] = []
        _ = try reader.read(limit: limit) { texts.append(String(decoding: $0.bytes, as: UTF8.self)) }
        return texts
    }

    @Test func whatIsWrittenIsReadWithChannelAndTime() throws {
        let folder = try TemporaryFolder()
        let writer = JournalWriter(folder.path, limit: 0)
        for channel in StreamJournal.Channel.allCases { append("on \(channel)", to: writer, channel) }
        var frames: [StreamJournal.Frame] = []
        _ = try JournalReader(folder.path).read(limit: .max) { frames.append($0) }
        #expect(frames.map(\.channel) == StreamJournal.Channel.allCases)
        #expect(frames.allSatisfy { $0.time == time })
        #expect(frames.map { String(decoding: $0.bytes, as: UTF8.self) }.first == "on stdout")
    }

    @Test func anotherReaderGoesOnWhereOneHasLeftOff() throws {
        let folder = try TemporaryFolder()
        let writer = JournalWriter(folder.path, limit: 0)
        let text = String(repeating: "x", count: 60_000)
        for number in 0..<50 { append("\(number) \(text)", to: writer) }
        let first = JournalReader(folder.path)
        let some = try read(first, limit: 1_300_000)
        #expect(some.count > 17 && some.count < 50)
        JournalReader.removeSegments(before: first.place, in: folder.path)
        #expect(access(StreamJournal.segment(0, in: folder.path), F_OK) != 0)
        let rest = try read(JournalReader(folder.path, from: first.place))
        #expect((some + rest).map { Int($0.prefix { $0 != " " }) } == Array(0..<50))
    }

    @Test func aWriterIsFullUntilItsReaderIsDone() throws {
        let folder = try TemporaryFolder()
        let writer = JournalWriter(folder.path, limit: 0)
        let text = String(repeating: "x", count: StreamJournal.mostBytes)
        var count = 0
        while !writer.isFull {
            append(text, to: writer)
            count += 1
        }
        // Two files' worth, whatever little was asked for.
        #expect(count * StreamJournal.mostBytes >= 2 << 20)
        let reader = JournalReader(folder.path)
        #expect(try read(reader).count == count)
        #expect(writer.isFull)
        JournalReader.removeSegments(before: reader.place, in: folder.path)
        #expect(!writer.isFull)
    }

    @Test func aPartOfAFrameIsNotRead() throws {
        let folder = try TemporaryFolder()
        let writer = JournalWriter(folder.path, limit: 0)
        append("whole", to: writer)
        append("cut", to: writer)
        let path = StreamJournal.segment(0, in: folder.path)
        let size = try #require(SystemFile.bytes(path)?.count)
        truncate(path, off_t(size - 1))
        let reader = JournalReader(folder.path)
        #expect(try read(reader) == ["whole"])
        #expect(try read(reader) == [])
    }

    @Test func whatNobodyHereHasWrittenIsDamage() throws {
        let folder = try TemporaryFolder()
        try folder.write("0", "this is no frame, by any means")
        #expect(throws: JournalDamage.self) { try read(JournalReader(folder.path)) }
    }

    @Test(.enabled(if: SmallDisk.isPossible)) func aFullDiskKeepsTheOrder() throws {
        let disk = try SmallDisk(megabytes: 2)
        mkdir("\(disk.path)/0", 0o700)
        let writer = JournalWriter("\(disk.path)/0", limit: 1 << 30)
        append("first", to: writer)
        try disk.fill()
        let text = String(repeating: "x", count: 50_000)
        for number in 0..<3 { append("\(number) \(text)", to: writer) }
        #expect(writer.isFull)
        disk.empty()
        writer.flush()
        #expect(!writer.isFull)
        append("last", to: writer)
        let texts = try read(JournalReader("\(disk.path)/0"))
        #expect(texts.map { $0.prefix(5) } == ["first", "0 xxx", "1 xxx", "2 xxx", "last"])
        #expect(writer.lostBytes == 0)
    }
}
