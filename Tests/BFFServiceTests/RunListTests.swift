import API
import BFFClient
import Descriptors
import Events
import HTTPMessages
import HTTPServer
import JSON
import Runtime
import Testing

@testable import BFFService

@Suite struct RunListTests {
    private func ids(_ fixture: Fixture, _ query: String) async throws -> [String] {
        let answer = try await fixture.ask(.get, "/v1/runs\(query)")
        #expect(answer.status == 200, "\(answer.body)")
        return answer.body["items"]?.array?.compactMap { $0["id"]?.string } ?? []
    }

    @Test func eachFilterLeavesWhatFits() async throws {
        try await Fixture.run { fixture in
            let shop = try await fixture.submit(
                Samples.descriptor(name: "latency", labels: ["team": "shop", "branch": "main"]),
                username: "ann")[0]
            let mail = try await fixture.submit(
                Samples.descriptor(name: "throughput", labels: ["team": "mail", "branch": "main"]),
                username: "bob")[0]
            try await fixture.move(mail, to: .fetching)
            try await fixture.move(mail, to: .failed)
            try await fixture.settle()
            #expect(try await ids(fixture, "") == [mail, shop])
            #expect(try await ids(fixture, "?status=FAILED") == [mail])
            #expect(try await ids(fixture, "?status=submitted&status=failed") == [mail, shop])
            #expect(try await ids(fixture, "?status=submitted,failed") == [mail, shop])
            #expect(try await ids(fixture, "?status=RUNNING") == [])
            #expect(try await ids(fixture, "?name=latency") == [shop])
            #expect(try await ids(fixture, "?label=team%3Dmail") == [mail])
            #expect(try await ids(fixture, "?label=branch%3Dmain") == [mail, shop])
            #expect(try await ids(fixture, "?label=branch%3Dmain&label=team%3Dshop") == [shop])
            #expect(try await ids(fixture, "?label=branch%3Dmain&label=team%3Dnone") == [])
            #expect(try await ids(fixture, "?username=bob") == [mail])
            #expect(try await ids(fixture, "?text=THROUGH%20measured") == [mail])
            #expect(try await ids(fixture, "?text=\(shop.prefix(8))") == [shop])
            #expect(try await ids(fixture, "?since=1h") == [mail, shop])
            #expect(try await ids(fixture, "?until=1h") == [])
            #expect(try await ids(fixture, "?since=2001-01-01T00:00:00Z&until=2002-01-01T00:00:00Z") == [])
            #expect(
                try await ids(fixture, "?name=latency&status=SUBMITTED&username=ann&label=team%3Dshop") == [
                    shop
                ])
        }
    }

    @Test func pagesDoNotMoveWhenRunsComeMeanwhile() async throws {
        try await Fixture.run { fixture in
            var expected: [String] = []
            for _ in 0..<7 { expected.insert(try await fixture.submit()[0], at: 0) }
            var query = API.RunQuery()
            query.limit = 3
            var seen: [String] = []
            repeat {
                let page = try await fixture.client.runs(query)
                seen += page.items.map(\.id)
                query.cursor = page.next
                // Newer than everything that is listed: none of them belongs to a later page.
                try await fixture.submit()
            } while query.cursor != nil
            #expect(seen == expected)
        }
    }

    @Test func runsOfOneMomentAreAllListedOnce() async throws {
        try await Fixture.run { fixture in
            let descriptor = Samples.descriptor(more: "[matrix]\nsize = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]")
            let submitted = try await fixture.submit(descriptor)
            var query = API.RunQuery()
            query.limit = 4
            var seen: [String] = []
            repeat {
                let page = try await fixture.client.runs(query)
                seen += page.items.map(\.id)
                query.cursor = page.next
            } while query.cursor != nil
            #expect(seen == submitted)
        }
    }

    @Test func theLastPageHasNoNext() async throws {
        try await Fixture.run { fixture in
            try await fixture.submit()
            try await fixture.submit()
            var query = API.RunQuery()
            query.limit = 2
            #expect(try await fixture.client.runs(query).next == nil)
        }
    }

    @Test(arguments: [
        ("?stauts=FAILED", "did you mean 'status'?"), ("?status=FALIED", "did you mean 'FAILED'?"),
        ("?limit=0", "from 1 to 1000"), ("?limit=many", "from 1 to 1000"), ("?limit=1001", "from 1 to 1000"),
        ("?cursor=abc", "no cursor of this list"), ("?cursor=a.b.c", "no cursor of this list"),
        ("?label=team", "key=value"), ("?label=a%3D1&label=a%3D2", "two values"),
        ("?since=yesterday", "how long ago"),
        ("?name=a&name=b", "once only"),
    ])
    func aParameterThatMeansNothingIsRefused(_ query: String, _ hint: String) async throws {
        let fixture = try await Fixture()
        let answer = try await fixture.ask(.get, "/v1/runs\(query)")
        #expect(answer.status == 400)
        #expect(answer.body["error"]?["code"] == "invalid_request")
        #expect(answer.body["error"]?["message"]?.string?.contains(hint) == true, "\(answer.body)")
    }

    @Test func everyQueryTypeIsUnderstoodAsItWasMeant() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.submit(Samples.descriptor(labels: ["a": "1", "b": "x"]))[0]
            var query = API.RunQuery()
            query.statuses = [.submitted, .running]
            query.name = "hello"
            query.labels = ["a": "1", "b": "x"]
            query.username = "ann"
            query.since = Timestamp(milliseconds: 0)
            query.until = SystemTime().now + .seconds(3600)
            query.text = "greeting hello"
            query.limit = 5
            #expect(try await fixture.client.runs(query).items.map(\.id) == [id])
            query.sweep = "another"
            #expect(try await fixture.client.runs(query).items == [])
        }
    }
}

@Suite struct RunLookupTests {
    private func submitted(_ fixture: Fixture, _ id: String) async throws {
        // Ids are given by the service; a run with a chosen one is published as another submission would be.
        let descriptor = try #require(
            CheckedSubmission(checking: Samples.request(), isLocal: true).combinations.first
        )
        .descriptor
        try await fixture.publish(
            RunSubmitted(
                name: "hello", descriptor: descriptor,
                source: RunSubmitted.DescriptorSource(filename: "hello.toml", document: "", sha256: ""),
                requestDigest: "", submitted: SystemTime().now),
            about: id)
    }

    @Test func aRunIsFoundByItsIDOrTheBeginningOfIt() async throws {
        try await Fixture.run { fixture in
            for id in ["aaaa1111-0000", "aaaa2222-0000", "aaaa2222-0000-longer"] {
                try await submitted(fixture, id)
            }
            #expect(try await fixture.client.run("aaaa1").summary.id == "aaaa1111-0000")
            #expect(try await fixture.client.run("AAAA1").summary.id == "aaaa1111-0000")
            // A whole id means itself, even where others begin so.
            #expect(try await fixture.client.run("aaaa2222-0000").summary.id == "aaaa2222-0000")
        }
    }

    @Test func aBeginningOfSeveralNamesTheCandidates() async throws {
        try await Fixture.run { fixture in
            for id in ["aaaa1111-0000", "aaaa2222-0000"] { try await submitted(fixture, id) }
            try await fixture.settle()
            let answer = try await fixture.ask(.get, "/v1/runs/aaaa")
            #expect(answer.status == 409)
            #expect(answer.body["error"]?["code"] == "ambiguous")
            let message = try #require(answer.body["error"]?["message"]?.string)
            #expect(message.contains("aaaa1111-0000") && message.contains("aaaa2222-0000"))
        }
    }

    @Test func aBeginningOfThreeCharactersIsTooShort() async throws {
        try await Fixture.run { fixture in
            try await submitted(fixture, "aaaa1111-0000")
            let answer = try await fixture.ask(.get, "/v1/runs/aaa")
            #expect(answer.status == 404)
            #expect(answer.body["error"]?["message"]?.string?.contains("at least 4 characters") == true)
        }
    }

    @Test func latestIsTheNewestRun() async throws {
        try await Fixture.run { fixture in
            #expect(try await fixture.ask(.get, "/v1/runs/latest").status == 404)
            try await fixture.submit()
            let id = try await fixture.submit()[0]
            #expect(try await fixture.client.run("latest").summary.id == id)
        }
    }

    @Test func whatIsNoRunIsNotFoundEverywhere() async throws {
        try await Fixture.run { fixture in
            let gets = ["", "/descriptor", "/events", "/logs", "/metrics", "/metrics/points"]
            let asked: [(HTTPMethod, String)] = gets.map { (.get, $0) } + [(.post, "/cancel"), (.delete, "")]
            for (method, path) in asked {
                let answer = try await fixture.ask(method, "/v1/runs/ffffffff\(path)")
                #expect(answer.status == 404, "\(method) \(path)")
            }
        }
    }
}
