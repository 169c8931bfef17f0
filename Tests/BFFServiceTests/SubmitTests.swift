import API
import BFFClient
import Events
import HTTPMessages
import HTTPServer
import JSON
import MessageLog
import Runtime
import Testing

@testable import BFFService

@Suite struct SubmitTests {
    private func body(_ request: SubmitRequest) throws -> String { try JSONCoding.text(request) }

    @Test func aSubmittedRunIsOnTheLogWhenItsIDIsAnswered() async throws {
        let fixture = try await Fixture()
        let answer = try await fixture.ask(.post, "/v1/runs", body: try body(Samples.request()))
        #expect(answer.status == 201)
        let id = try #require(answer.body["runs"]?.array?.first?["id"]?.string)
        let partition = TopicPartition(
            topic: "runs", partition: Partitioner.partition(of: id, among: Fixture.partitions))
        let record = try #require(try await fixture.log.read(partition, from: 0, limit: ReadLimit()).first)
        #expect(record.key == id)
        let event = try JSONCoding.decode(Event.self, from: record.value ?? [])
        let run = try event.payload(as: RunSubmitted.self)
        #expect(event.messageID == "\(id)/bff/submitted")
        #expect((event.clientID, event.clientUsername) == ("test", "ann"))
        #expect((run.name, run.source.directory) == ("hello", "/home/ann/hello"))
        #expect(run.source.document == Samples.descriptor())
    }

    @Test func aRunCanBeReadAsSoonAsItIsSubmitted() async throws {
        try await Fixture.run { fixture in
            for _ in 0..<20 {
                let id = try await fixture.submit()[0]
                let run = try await fixture.client.run(id)
                #expect(run.summary.status == .submitted)
                let listed = try await fixture.client.runs().items.first?.id
                #expect(listed == id)
            }
        }
    }

    @Test func aMatrixIsPublishedWholeAsOneSweep() async throws {
        try await Fixture.run { fixture in
            let descriptor = Samples.descriptor(more: "[matrix]\nsize = [1, 2, 3]\nmode = [\"a\", \"b\"]")
            let response = try await fixture.client.submit(Samples.request(descriptor))
            #expect(response.runs.count == 6)
            #expect(Set(response.runs.map(\.id)).count == 6)
            let sweep = try #require(response.sweep)
            var query = API.RunQuery()
            query.sweep = sweep
            let listed = try await fixture.client.runs(query).items
            // The newest first, and those of one moment in the order of the matrix.
            #expect(listed.map(\.id) == response.runs.map(\.id))
            #expect(listed.first?.parameters == ["mode": "a", "size": 1])
        }
    }

    @Test func aBrokenDescriptorIsRefusedWithEveryMistake() async throws {
        let fixture = try await Fixture()
        var request = Samples.request("spec_version = \"0.1.0\"\n[info]\ndescription = 3\ntsk_name = \"x\"\n")
        request.filename = "broken.toml"
        let answer = try await fixture.ask(.post, "/v1/runs", body: try body(request))
        #expect(answer.status == 422)
        #expect(answer.body["error"]?["code"] == "invalid_descriptor")
        let problems = try #require(answer.body["error"]?["problems"]?.array)
        #expect(problems.contains { $0["line"] == 3 && $0["key"] == "info.description" })
        #expect(
            problems.contains { $0["line"] == 4 && $0["suggestion"]?.string?.contains("task_name") == true })
        #expect(problems.allSatisfy { $0["source"] == "broken.toml" })
        #expect(try await fixture.count(.runs) == 0)
    }

    @Test func aDryRunPublishesNothing() async throws {
        let fixture = try await Fixture()
        var request = Samples.request()
        request.dryRun = true
        let answer = try await fixture.ask(.post, "/v1/runs", body: try body(request))
        #expect(answer.status == 200)
        #expect(answer.body["runs"]?.array?.count == 1)
        #expect(try await fixture.count(.runs) == 0)
    }

    @Test func overridesAreApplied() async throws {
        try await Fixture.run { fixture in
            var request = Samples.request()
            request.overrides = ["run.repeats=7"]
            let id = try await fixture.client.submit(request).runs[0].id
            #expect(try await fixture.client.run(id).descriptor["run"]?["repeats"] == 7)
        }
    }

    @Test func aMisspeltMemberIsRefusedInsteadOfDoingSomethingElse() async throws {
        let fixture = try await Fixture()
        let answer = try await fixture.ask(.post, "/v1/runs", body: #"{"descriptor": "", "dryrun": true}"#)
        #expect(answer.status == 400)
        #expect(answer.body["error"]?["message"]?.string?.contains("did you mean 'dry_run'?") == true)
    }

    @Test(arguments: ["", "[]", "{", #"{"filename": "x"}"#, #"{"descriptor": 3}"#])
    func aBodyThatIsNoRequestIsRefused(_ text: String) async throws {
        let fixture = try await Fixture()
        let answer = try await fixture.ask(.post, "/v1/runs", body: text)
        #expect(answer.status == 400)
        #expect(answer.body["error"]?["code"] == "invalid_request")
    }

    @Test func aFolderOfAnotherMachineIsNotTaken() async throws {
        let fixture = try await Fixture()
        let answer = try await fixture.ask(
            .post, "/v1/runs", body: try body(Samples.request()), peer: .address("192.0.2.1:4000"))
        let id = try #require(answer.body["runs"]?.array?.first?["id"]?.string)
        try await fixture.running {
            let run = try await fixture.client.run(id)
            #expect(run.source.directory == nil)
        }
    }

    @Test func aScriptOfAnotherMachineIsForbidden() async throws {
        let fixture = try await Fixture()
        var request = Samples.request()
        request.script = "/home/ann/hello"
        let answer = try await fixture.ask(
            .post, "/v1/runs", body: try body(request), peer: .address("192.0.2.1:4000"))
        #expect(answer.status == 403)
    }

    @Test func aScriptBecomesPartOfTheDescriptor() async throws {
        try await Fixture.run { fixture in
            var request = Samples.request()
            request.script = "/home/ann/hello"
            let id = try await fixture.client.submit(request).runs[0].id
            let descriptor = try await fixture.client.run(id).descriptor
            #expect(descriptor["ml"]?["script"]?["script"] == "/home/ann/hello")
        }
    }

    @Test func aRelativeFolderIsRefused() async throws {
        let fixture = try await Fixture()
        var request = Samples.request()
        request.directory = "hello"
        #expect(try await fixture.ask(.post, "/v1/runs", body: try body(request)).status == 400)
    }

    @Test func aScheduleThatIsNotAppliedIsSaid() async throws {
        try await Fixture.run { fixture in
            let descriptor = Samples.descriptor(more: "[schedule]\ncron = \"0 3 * * *\"")
            let response = try await fixture.client.submit(Samples.request(descriptor))
            #expect(response.runs.count == 1)
            #expect(response.warnings.contains { $0["code"] == "schedule_not_applied" })
        }
    }
}
