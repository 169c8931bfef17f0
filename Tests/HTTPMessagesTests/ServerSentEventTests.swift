import HTTPMessages
import Testing

@Suite struct ServerSentEventTests {
    private let events = [
        ServerSentEvent(id: "7", name: "status", data: "{\"a\": 1}"),
        ServerSentEvent(id: "8", data: "first: line\n\nthird"), ServerSentEvent(id: "8", data: ""),
    ]

    @Test func anEventHasTheWireFormOfTheStandard() {
        #expect(
            String(decoding: events[1].bytes, as: UTF8.self)
                == "id: 8\ndata: first: line\ndata: \ndata: third\n\n")
    }

    @Test(arguments: [1, 2, 3, 1000])
    func eventsAreReadWhateverThePieces(size: Int) {
        let bytes = ServerSentEvent.keepAlive + events.flatMap(\.bytes)
        var parser = ServerSentEventParser()
        var read: [ServerSentEvent] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            read += parser.events(in: bytes[start..<min(start + size, bytes.count)]) ?? []
        }
        #expect(read == events)
    }

    @Test func everyLineEndOfTheStandardIsRead() {
        var parser = ServerSentEventParser()
        #expect(
            parser.events(in: "data:a\r\n\r\ndata: b\r\rdata\nretry: 5\n\n".utf8) == [
                .init(data: "a"), .init(data: "b"), .init(data: ""),
            ])
    }

    @Test func aLineEndInTheDataCannotEndTheEvent() {
        var parser = ServerSentEventParser()
        #expect(
            parser.events(in: ServerSentEvent(data: "a\r\n\r\nid: 9\r\u{2028}b").bytes)
                == [.init(data: "a\n\nid: 9\n\u{2028}b")])
    }

    @Test func whatIsNotEndedIsNoEventYet() {
        var parser = ServerSentEventParser()
        #expect(parser.events(in: "id: 1\n\ndata: a\n".utf8) == [])
        #expect(parser.events(in: "\n".utf8) == [.init(id: "1", data: "a")])
    }

    @Test func anEventWithoutEndIsGivenUp() {
        var parser = ServerSentEventParser()
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1024 * 1024)
        for _ in 0..<4 { #expect(parser.events(in: piece) == []) }
        #expect(parser.events(in: piece) == nil)
    }
}
