import Events
import JSON
import Runtime
import Testing

private let text = """
    {"action_id":"r1","authenticated":false,"client_id":"host","client_username":"ada","client_version":"0.1.0",\
    "date":"today","message_id":"m1","parent_action_id":"p1","payload":{"kind":"cancel","graceful":true,"extra":[1]},\
    "tstamp":1700000000000,"type":"command","visited":[{"svc":"baictl","tstamp":1,"version":"0.1.0"}]}
    """

private func event() throws -> Event {
    try JSONCoding.decode(Event.self, from: Array(text.utf8))
}

private let visit = Event.Visit(
    svc: "bai-bff", tstamp: Timestamp(milliseconds: 9), version: "0.1.0", node: "n1")

@Suite struct EventTests {
    @Test func theEnvelopeOfBenchmarkAIIsRead() throws {
        let event = try event()
        #expect(event.actionID == "r1" && event.parentActionID == "p1" && event.clientUsername == "ada")
        #expect(event.visited.map(\.svc) == ["baictl"])
        #expect(try event.payload(as: Command.self) == Command(kind: .cancel))
    }

    @Test func fieldsThatAreNotKnownTravelOnUnchanged() throws {
        let again = try JSONCoding.decode(JSONValue.self, from: JSONCoding.encode(event()))
        let original = try JSONCoding.decode(JSONValue.self, from: Array(text.utf8))
        #expect(again == original)
    }

    @Test(arguments: [
        "message_id", "action_id", "client_id", "client_version", "client_username", "tstamp", "visited",
        "type", "payload",
    ])
    func aFieldThatIsMissingIsNamed(field: String) throws {
        var tree = try JSONCoding.tree(event())
        tree[field] = nil
        #expect(throws: JSONError(path: field, message: "is missing")) {
            try JSONCoding.decode(Event.self, from: tree)
        }
    }

    @Test func aPayloadOfALaterVersionIsRefused() throws {
        var event = try event()
        event.payload["v"] = 2
        #expect(throws: JSONError.self) { try event.payload(as: Command.self) }
    }

    @Test func whatFollowsKeepsTheRunTheClientAndWhoHandledIt() throws {
        let change = StatusChanged(status: .fetching, message: "fetching", attempt: 0)
        let next = try event().following(change, messageID: "r1/x", at: Timestamp(milliseconds: 9), by: visit)
        #expect(next.actionID == "r1" && next.parentActionID == "p1" && next.clientID == "host")
        #expect(next.visited.map(\.svc) == ["baictl", "bai-bff"])
        #expect(next.type == "status_changed" && next.payload["v"] == 1)
        #expect(next.unknown["date"] == "today", "unknown fields travel on")
        let again = try next.following(change, messageID: "r1/y", at: Timestamp(milliseconds: 10), by: visit)
        #expect(again.visited.map(\.svc) == ["baictl", "bai-bff"], "nobody is listed twice")
    }
}
