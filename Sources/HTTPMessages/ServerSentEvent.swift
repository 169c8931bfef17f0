/// One event of a `text/event-stream`, as browsers read it (HTML standard, 9.2).
package struct ServerSentEvent: Sendable, Equatable {
    /// Where to resume: sent back as `Last-Event-ID`.
    package var id: String?
    /// What kind of event it is; nil is `message`.
    package var name: String?
    /// The text, of any number of lines; whatever their ends were, they are read as "\n".
    package var data: String

    package init(id: String? = nil, name: String? = nil, data: String) {
        self.id = id
        self.name = name
        self.data = data
    }

    /// The event on the wire. `id` and `name` are of one line.
    package var bytes: [UInt8] {
        precondition(
            !"\(id ?? "")\(name ?? "")".contains(where: \.isNewline), "an event's id or name has a line end")
        var text = ""
        if let id { text += "id: \(id)\n" }
        if let name { text += "event: \(name)\n" }
        let lines = data.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        for line in lines { text += "data: \(line)\n" }
        return Array((text + "\n").utf8)
    }

    /// A line that readers skip: it keeps a quiet connection from looking dead.
    package static let keepAlive = Array(": \n\n".utf8)
}

/// Puts events together from the pieces in which a stream arrives.
package struct ServerSentEventParser: Sendable {
    /// An event longer than this is no event of ours: a peer that never ends one must not fill the memory.
    package static let mostBytes = 4 * 1024 * 1024

    private var line: [UInt8] = []
    private var endedByReturn = false
    private var event = ServerSentEvent(data: "")
    private var data: [String] = []
    private var size = 0

    package init() {}

    /// The events that `bytes` complete; nil when the event that has begun is too long.
    package mutating func events(in bytes: some Sequence<UInt8>) -> [ServerSentEvent]? {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            // A line ends with LF, CR or both.
            let followsReturn = endedByReturn
            endedByReturn = byte == UInt8(ascii: "\r")
            switch byte {
            case UInt8(ascii: "\n") where followsReturn: break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): if let event = endLine() { events.append(event) }
            default:
                line.append(byte)
                size += 1
                if size > Self.mostBytes { return nil }
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        if line.isEmpty { return endEvent() }
        let text = String(decoding: line, as: UTF8.self)
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count > 1 ? parts[1] : ""
        if value.hasPrefix(" ") { value = value.dropFirst() }
        switch parts[0] {
        case "data": data.append(String(value))
        case "id": event.id = String(value)
        case "event": event.name = String(value)
        default:
            // A comment, or a field of a later standard. It counts no longer.
            size -= line.count
        }
        return nil
    }

    /// The event that an empty line ends; nil when it has no data, which the standard calls no event.
    private mutating func endEvent() -> ServerSentEvent? {
        defer {
            // The id stays until another one comes: it is the place in the stream.
            event.name = nil
            data.removeAll()
            size = 0
        }
        guard !data.isEmpty else { return nil }
        event.data = data.joined(separator: "\n")
        return event
    }
}
