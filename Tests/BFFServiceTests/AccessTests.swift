import Access
import API
import Events
import HTTPClient
import HTTPMessages
import HTTPServer
import JSON
import Runtime
import TestSupport
import Testing

@testable import BFFService

@Suite struct AccessTests {
    /// The path of an operation, with something in each of its braces.
    private func target(_ operation: Operation, run: String) -> String {
        var path = operation.path.replacing("{run}", with: run).replacing("{attempt}", with: "1")
        path = path.replacing("{sha256}", with: String(repeating: "a", count: 64))
        for name in operation.pathParameters { path = path.replacing("{\(name)}", with: "x") }
        return path
    }

    @Test func everyOperationTakesTheTokensThatItIsForAndNoOther() async throws {
        try await NetworkFixture.serving { network in
            let run = try await network.submit()
            try await network.fixture.settle()
            let others = network.token(of: "00000000-0000-0000-0000-000000000000")
            // Nothing here may change the run: what is let through is asked in a way that fails later.
            for operation in Operations.all
            where operation.name != "deleteRun" && operation.name != "cancelRun" {
                let path = target(operation, run: run)
                func status(_ token: String?) async throws -> Int {
                    // A page, where a stream would go on for as long as the run does.
                    try await network.ask(
                        operation.method, path, token: token, headers: ["Accept": "application/json"]
                    )
                    .status
                }
                let refused = [try await status(nil), try await status("bai_wrong"), try await status("a b")]
                let user = try await status(network.ada.text)
                let pod = try await status(network.token(of: run))
                let stranger = try await status(others)
                switch operation.access {
                case .anybody:
                    #expect(refused.allSatisfy { ![401, 403].contains($0) }, "\(operation.name)")
                case .users:
                    #expect(refused == [401, 401, 401], "\(operation.name)")
                    #expect(![401, 403].contains(user), "\(operation.name) \(user)")
                    #expect(pod == 403, "\(operation.name)")
                case .pods:
                    #expect(refused == [401, 401, 401], "\(operation.name)")
                    #expect(user == 403, "\(operation.name)")
                    #expect(![401, 403].contains(pod), "\(operation.name) \(pod)")
                    // Contents have no run in their path: there the token's own run decides.
                    #expect(stranger == (operation.path.contains("{run}") ? 403 : 404), "\(operation.name)")
                }
            }
        }
    }

    @Test func onlyTheVersionIsForAnybody() {
        #expect(Operations.all.filter { $0.access == .anybody }.map(\.name) == ["getVersion"])
        #expect(Operations.all.filter { $0.access == .pods }.map(\.name) == ["postRecords", "getObject"])
    }

    @Test func aRefusalSaysWhatToShow() async throws {
        try await NetworkFixture.serving { network in
            let answer = try await network.ask(.get, "/v1/runs")
            #expect(answer.headers["WWW-Authenticate"] == "Bearer realm=\"benchmark-ai\"")
            #expect(answer.code == "unauthorized" && answer.words.contains("baictl token create"))
        }
    }

    @Test(arguments: [
        "Basic YWRhOnB3", "Bearer", "Bearer ", "bearer", "Bearer a b", "", "Token x",
        "Bearer " + String(repeating: "x", count: 5000),
    ])
    func whatIsNoBearerTokenIsNone(header: String) async throws {
        try await NetworkFixture.serving { network in
            let answer = try await network.ask(.get, "/v1/runs", headers: ["Authorization": header])
            #expect(answer.status == 401)
        }
    }

    @Test func twoTokensAreNone() async throws {
        try await NetworkFixture.serving { network in
            let connection = try RawConnection.connect(port: network.port)
            let line = "Authorization: Bearer \(network.ada.text)\r\n"
            await connection.write("GET /v1/runs HTTP/1.1\r\nHost: x\r\n\(line)\(line)\r\n")
            #expect(await connection.read(until: "\r\n").contains("401"))
            let single = try RawConnection.connect(port: network.port)
            await single.write("GET /v1/runs HTTP/1.1\r\nHost: x\r\n\(line)\r\n")
            #expect(await single.read(until: "\r\n").contains("200"))
        }
    }

    @Test func tokensThatAreMadeAndTakenAwayCountAtOnce() async throws {
        try await NetworkFixture.serving { network in
            let bob = UserToken()
            #expect(try await network.ask(.get, "/v1/runs", token: bob.text).status == 401)
            try network.write(UserTokens.line(for: bob, of: "bob"))
            let isIn = try await eventually {
                try await network.ask(.get, "/v1/runs", token: bob.text).status == 200
            }
            #expect(isIn)
            let isOut = try await eventually {
                try await network.ask(.get, "/v1/runs", token: network.ada.text).status == 401
            }
            #expect(isOut)
            // A slip in the file locks nobody out.
            try network.write(UserTokens.line(for: bob, of: "bob") + "oops\n")
            let isSaid = try await eventually {
                _ = try await network.ask(.get, "/v1/runs", token: "bai_x")
                return network.fixture.lines.withLock { $0.contains { $0.contains("NAME DIGEST") } }
            }
            #expect(isSaid)
            #expect(try await network.ask(.get, "/v1/runs", token: bob.text).status == 200)
        }
    }

    @Test func tenThousandWrongTokensChangeNothing() async throws {
        try await NetworkFixture.serving { network in
            // Most of them past the socket: it is the tokens that are tried here.
            let listener = NetworkListener(
                address: .tcp(host: "", port: 0), tokens: network.tokens, key: network.key)
            let router = network.fixture.service.router(for: listener)
            for number in 0..<10_000 {
                let headers: HTTPHeaders = ["Authorization": "Bearer bai_\(number)"]
                let request = try #require(ServerRequest(.get, "/v1/runs", headers: headers))
                guard case .refuse(let answer) = router.admit(request), answer.status == 401 else {
                    return #expect(Bool(false), "\(number)")
                }
            }
            for _ in 0..<100 {
                #expect(try await network.ask(.get, "/v1/runs", token: UserToken().text).status == 401)
            }
            #expect(try await network.ask(.get, "/v1/runs", token: network.ada.text).status == 200)
            let metrics = try await network.ask(.get, "/metrics", token: network.ada.text)
            #expect(metrics.text.contains("bai_bff_refused_total{code=\"unauthorized\"} 10100\n"))
            // The log does not grow with them, and holds none.
            let lines = network.fixture.lines.withLock { $0 }
            #expect(lines.count < 20)
            #expect(!lines.joined().contains("bai_"))
        }
    }

    @Test func theSocketNeedsNoToken() async throws {
        try await NetworkFixture.serving { network in
            let client = network.fixture.folder.file("bff.sock")
            let answer = try await network.client.send(
                .init(.get, "http://localhost/v1/runs", unixSocket: client))
            #expect(answer.status == 200)
        }
    }

    @Test func whoComesOverTheNetworkNamesNoFilesOfTheService() async throws {
        try await NetworkFixture.serving { network in
            func submit(_ more: String, script: String? = nil) async throws -> HTTPResponse {
                var request = Samples.request(Samples.descriptor(more: more))
                request.script = script
                let body = try JSONCoding.encode(request)
                return try await network.ask(.post, "/v1/runs", token: network.ada.text, body: body)
            }
            #expect(try await submit("").status == 201)
            #expect(try await submit("", script: "/etc").code == "forbidden")
            for source in ["/etc/passwd", "etc/passwd", "file:///etc/passwd", "FILE:/etc/passwd"] {
                let answer = try await submit("[[data.sources]]\nsrc = \"\(source)\"\npath = \"/d\"")
                #expect(answer.code == "invalid_descriptor", "\(source)")
                #expect(answer.text.contains("local_source"), "\(source)")
            }
            #expect(try await submit("[ml.script]\nscript = \"/etc\"").code == "invalid_descriptor")
            let web = try await submit("[[data.sources]]\nsrc = \"https://example.com/d\"\npath = \"/d\"")
            #expect(web.status == 201)
        }
    }
}
