import API
import Fuzzing
import HTTPMessages
import HTTPServer
import JSON
import Runtime
import TestSupport
import Testing

@testable import BFFService

/// Every operation of the API, asked for what nobody would: it answers, or says what is wrong with the question. `BAI_SEED` tries something else.
@Suite struct FuzzedRequestTests {
    /// A method, a target, and a body in the lines behind them.
    private static var questions: [[UInt8]] {
        let values = ["1", "1h30m", "2025-11-21T08:00:00Z", "a.1.1700000000000", "SUCCEEDED", "x=y", "true"]
        var texts: [String] = []
        for operation in Operations.all {
            let path = operation.pathParameters.reduce(operation.path) { path, name in
                path.replacing("{\(name)}", with: name == "letter" ? "0-0" : "latest")
            }
            texts.append("\(operation.method.rawValue) \(path)\n{}")
            for (index, parameter) in operation.parameters.enumerated() where parameter.place == .query {
                let value = values[(index + texts.count) % values.count]
                texts.append("\(operation.method.rawValue) \(path)?\(parameter.name)=\(value)\n{}")
            }
        }
        let descriptor =
            #"spec_version = \"0.1.0\"\n[info]\ndescription = \"x\"\n[hardware]\ninstance_type = \"local\"\n"#
        texts.append(
            "POST /v1/runs\n{\"descriptor\":\"\(descriptor)\",\"filename\":\"d.toml\",\"dry_run\":true}")
        return texts.map { Array($0.utf8) }
    }

    private static let words = [
        "/", "?", "&", "=", "%00", "%2F", "%zz", "..", "latest", "0-0", "3-42", "cursor=", "limit=", "since=",
        "until=",
        "after=", "grep=", "attempt=", "status=", "1.2.3", "a.1.2", "-1", "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808", "9999-12-31T23:59:59Z", "-0001-01-01T00:00:00Z", "3653d", "1e9", "(", "[",
        "(a+)+$",
        "é", "\u{0}", "\n", "{", "}", "\"", ":", ",", "null", "true", "[]", "{}", "\"descriptor\":",
        "\"client\":",
        "\"overrides\":[", "\"script\":", "GET ", "POST ", "DELETE ", "/v1/runs/", "/v1/events",
        "follow=true",
    ]

    @Test func everyQuestionHasAnAnswer() async throws {
        try await Fixture.run { fixture in
            try await fixture.submit()
            let questions = Self.questions
            let fuzz = FuzzRun(name: "api", words: Self.words, corpus: questions, seed: TestSeed.value) { _ in
            }
            for question in questions { try await Self.check(question, fixture) }
            let end = ContinuousClock.now + .milliseconds(500)
            for (number, question) in fuzz.inputs(20_000).enumerated() {
                if number >= 50, ContinuousClock.now > end { break }
                try await Self.check(question, fixture)
            }
        }
    }

    private static func check(_ question: [UInt8], _ fixture: Fixture) async throws {
        let text = String(decoding: question, as: UTF8.self)
        let (line, body) =
            text.firstIndex(of: "\n").map { (text[..<$0], text[$0...].dropFirst()) } ?? (text[...], "")
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let method = HTTPMethod(rawValue: String(parts[0])),
            let request = ServerRequest(
                method, String(parts[1]), body: Array(body.utf8), peer: .process(id: 1, user: 0))
        else { return }
        let answer = await fixture.service.router.answer(request)
        guard case .bytes(let bytes) = answer.body else { return }
        #expect(answer.status != 500, "\(text.debugDescription): \(String(decoding: bytes, as: UTF8.self))")
        if answer.status >= 400 {
            #expect(throws: Never.self, "\(text.debugDescription)") { try JSONValue(parsing: bytes) }
        }
    }

    @Test func aBodyIsReadAsStrictlyAsJSONIsWritten() async throws {
        try await Fixture.run { fixture in
            for body in [
                #"{"reason":"x",}"#, #"{"reason":"x"} x"#, "{'reason':'x'}", "[1,]",
                #"{"reason":"x" /* y */}"#,
            ] {
                let (status, answer) = try await fixture.ask(.post, "/v1/runs/latest/cancel", body: body)
                #expect(status == 400 && answer["error"]?["code"] == "invalid_request", "\(body): \(status)")
            }
        }
    }
}
