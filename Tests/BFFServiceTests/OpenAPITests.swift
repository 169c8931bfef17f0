import API
import BFFClient
import Events
import FoundationEssentials
import HTTPMessages
import HTTPServer
import JSON
import MessageLog
import MetricStore
import Runtime
import TestSupport
import Testing

@testable import BFFService

@Suite struct OpenAPITests {
    private static let path = "\(Programs.root)/docs/openapi.json"

    /// To renew the file: `BAI_RECORD=1 swift test --filter OpenAPITests`.
    @Test func theDocumentInDocsIsTheOneThatIsServed() async throws {
        let bytes = try OpenAPIDocument.bytes()
        if ProcessInfo.processInfo.environment["BAI_RECORD"] != nil {
            try Data(bytes).write(to: URL(filePath: OpenAPITests.path))
        }
        let written = Array(try Data(contentsOf: URL(filePath: OpenAPITests.path)))
        #expect(written == bytes, "renew docs/openapi.json: BAI_RECORD=1 swift test --filter OpenAPITests")
        let fixture = try await Fixture()
        let request = try #require(ServerRequest(.get, "/v1/openapi.json"))
        #expect(try await fixture.service.router.answer(request).gathered() == bytes)
    }

    @Test func thePageAboutTheAPINamesEveryOperationAndEveryRefusal() throws {
        let page = String(
            decoding: try Data(contentsOf: URL(filePath: "\(Programs.root)/docs/api.md")), as: UTF8.self)
        for operation in Operations.all {
            #expect(page.contains("`\(operation.method.rawValue) \(operation.path)`"), "\(operation.name)")
        }
        for code in APIErrorCode.allCases {
            #expect(page.contains("| `\(code.rawValue)` | \(code.httpStatus) |"), "\(code)")
        }
    }

    @Test func everySchemaThatIsNamedIsThere() throws {
        let names = Schemas.all.map(\.name)
        #expect(Set(names).count == names.count)
        let text = try JSONCoding.text(OpenAPIDocument.document)
        for part in text.split(separator: "#/components/schemas/").dropFirst() {
            let name = String(part.prefix { $0 != "\"" })
            #expect(names.contains(name))
        }
    }

    @Test func operationsHaveNamesOfTheirOwn() {
        let names = Operations.all.map(\.name)
        #expect(Set(names).count == names.count)
        for operation in Operations.all {
            let parameters = operation.parameters.map { "\($0.place) \($0.name)" }
            #expect(Set(parameters).count == parameters.count, "\(operation.name)")
        }
    }

    /// Asks every operation of something that is there, and holds the answer against what the document promises.
    @Test func everyOperationAnswersAsTheDocumentSays() async throws {
        try await Fixture.run { fixture in
            let values = try await OpenAPITests.populate(fixture)
            // What deletes comes when everything else has been asked.
            // Files and archives are asked for through a server, by IntakeTests.
            let others = Operations.all.filter {
                !["deleteRun", "getObject", "hasUpload", "putUpload"].contains($0.name)
            }
            for operation in others + Operations.all.filter({ $0.name == "deleteRun" }) {
                var target = operation.path
                for (name, value) in values { target = target.replacing("{\(name)}", with: value) }
                if operation.name == "deleteRun" {
                    try await fixture.move(values["run"] ?? "", to: .canceled)
                }
                var body = ""
                if operation.name == "submitRun" { body = try JSONCoding.text(Samples.request()) }
                if operation.name == "postRecords" {
                    body = try RecordIntakeTests.line(RecordIntakeTests.logs(), run: values["run"] ?? "")
                }
                let request = try #require(
                    ServerRequest(
                        operation.method, target, headers: ["Accept": "application/json"],
                        body: Array(body.utf8),
                        peer: .process(id: 1, user: 0)))
                let response = await fixture.service.router.answer(request)
                let answer = operation.answers.first { $0.status == response.status }
                #expect(answer != nil, "\(operation.name) answered \(response.status)")
                guard let schema = answer?.contents.first(where: { $0.type == "application/json" })?.schema
                else {
                    continue
                }
                let json = try JSONCoding.decode(JSONValue.self, from: try await response.gathered())
                #expect(SchemaCheck.problems(of: json, schema, at: operation.name) == [])
            }
        }
    }

    @Test func refusalsAreAsTheDocumentSays() async throws {
        let fixture = try await Fixture()
        for target in ["/v1/runs/none", "/v1/runs?limit=x", "/v1/nothing"] {
            let answer = try await fixture.ask(.get, target)
            #expect(SchemaCheck.problems(of: answer.body, .named("Error"), at: target) == [])
        }
        let broken = try await fixture.ask(.post, "/v1/runs", body: #"{"descriptor": "x"}"#)
        #expect(broken.status == 422)
        #expect(SchemaCheck.problems(of: broken.body, .named("Error"), at: "submit") == [])
    }

    /// Something of everything, so that no list is empty. The deleted run is gone at the end.
    private static func populate(_ fixture: Fixture) async throws -> [String: String] {
        let id = try await fixture.submit(Samples.descriptor(labels: ["team": "shop"]))[0]
        let submitted = try await fixture.submission(of: id)
        let attempt = Attempt(number: 1, repetition: 0, isWarmup: false)
        let content = FetchedContent(
            role: .dataset, id: "d", source: "file:d", path: "/d", kind: .file, sha256: "00", size: 1)
        try await fixture.publish(RunFetched(run: submitted, contents: [content]), about: id)
        try await fixture.publish(
            JobCreated(run: submitted, attempt: attempt, runner: "local", reference: "a"), about: id)
        try await fixture.publish(Samples.finished(1), about: id)
        try await fixture.move(id, to: .queued, attempt: 1, reason: .waitingForSlot, position: 0)
        try await fixture.publish(Samples.result(id), about: id, key: Samples.series().id)
        try await fixture.publish(AlarmChanged(alarm: Samples.alarm(id)), about: id, key: Samples.series().id)
        let letter = try await fixture.publish(Samples.letter(key: id), about: id)
        var changes = StoreChanges()
        let line = LogLine(sequence: 1, time: Timestamp(milliseconds: 1), stream: .stdout, text: "hello")
        let point = MetricPoint(
            sequence: 1, name: "loss", value: 1, unit: "nats", step: 1, time: Timestamp(milliseconds: 1))
        changes.lines = [StoreChanges.Lines(run: id, batch: LogBatch(attempt: 1, lines: [line]))]
        changes.points = [
            StoreChanges.Points(run: id, batch: MetricBatch(attempt: 1, host: "h", points: [point]))
        ]
        try await fixture.store.write(changes)
        try await fixture.settle()
        return [
            "run": id, "attempt": "1", "series": Samples.series().id, "alarm": "alarm-1",
            "letter": "\(letter.partition.partition)-\(letter.offset)",
        ]
    }
}

/// Holds a JSON value against a schema: types, required members, and no member that the schema does not tell.
enum SchemaCheck {
    static func problems(of value: JSONValue, _ schema: Schema, at path: String) -> [String] {
        switch schema {
        case .any: []
        case .string: value.string == nil ? ["\(path) is no string"] : []
        case .timestamp, .integer: value.integer == nil ? ["\(path) is no integer"] : []
        case .number: value.number == nil ? ["\(path) is no number"] : []
        case .boolean: value.bool == nil ? ["\(path) is no boolean"] : []
        case .oneOf(let values): values.contains(value.string ?? "") ? [] : ["\(path) is none of \(values)"]
        case .array(let item):
            value.array?.enumerated().flatMap { problems(of: $1, item, at: "\(path)[\($0)]") }
                ?? ["\(path) is no array"]
        case .map(let item):
            value.object?.flatMap { problems(of: $1, item, at: "\(path).\($0)") } ?? ["\(path) is no object"]
        case .named(let name):
            Schemas.all.first { $0.name == name }.map { problems(of: value, $0.schema, at: path) }
                ?? ["\(name) is no schema"]
        case .object(let members): problems(of: value, members, at: path)
        }
    }

    private static func problems(of value: JSONValue, _ members: [Schema.Member], at path: String) -> [String]
    {
        guard let object = value.object else { return ["\(path) is no object"] }
        let unknown = object.keys.filter { key in !members.contains { $0.name == key } }
        return unknown.map { "\(path).\($0) is not in the schema" }
            + members.flatMap { member in
                guard let value = object[member.name] else {
                    return member.isRequired ? ["\(path).\(member.name) is missing"] : []
                }
                return problems(of: value, member.schema, at: "\(path).\(member.name)")
            }
    }
}
