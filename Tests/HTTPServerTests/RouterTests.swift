import HTTPMessages
import HTTPServer
import JSON
import Testing

@Suite struct RouterTests {
    private struct Teapot: Error {}

    private let router = Router(
        [
            Route(.get, "/v1/runs/{id}") { _, path in .text("run \(path["id"])") },
            Route(.delete, "/v1/runs/{id}") { _, path in .text("deleted \(path["id"])") },
            Route(.get, "/v1/runs/latest") { _, _ in .text("latest") },
            Route(.post, "/v1/runs/validate") { _, _ in .text("valid") },
            Route(.get, "/v1/runs/{id}/logs/{attempt}") { _, path in .text("\(path["id"]) \(path["attempt"])")
            },
            Route(.get, "/v1/broken") { _, _ in throw Teapot() },
            Route(.get, "/") { _, _ in .text("root") },
        ],
        onError: { error, request in .error(418, code: "teapot", message: "\(error) at \(request.path)") })

    private func answer(_ method: HTTPMethod, _ target: String) async throws -> (Int, String) {
        let response = await router.answer(try #require(ServerRequest(method, target)))
        guard case .bytes(let bytes) = response.body else { return (response.status, "") }
        return (response.status, String(decoding: bytes, as: UTF8.self))
    }

    @Test(arguments: [
        (HTTPMethod.get, "/v1/runs/7", "run 7"), (.get, "/v1/runs/a%2Fb?x=1", "run a/b"),
        (.delete, "/v1/runs/7", "deleted 7"),
        (.get, "/v1/runs/latest", "latest"), (.get, "/v1/runs/validate", "run validate"),
        (.post, "/v1/runs/validate", "valid"), (.get, "/v1/runs/7/logs/2", "7 2"), (.get, "/", "root"),
        (.head, "/v1/runs/7", "run 7"), (.get, "http://localhost/v1/runs/7", "run 7"),
    ])
    func aRequestFindsItsHandler(method: HTTPMethod, target: String, text: String) async throws {
        #expect(try await answer(method, target) == (200, text))
    }

    @Test(arguments: ["/v1", "/v1/runs/", "/v1/runs/7/", "/v1/runs/7/logs", "//", "/V1/runs/7"])
    func whatIsNotThereIsNotFound(target: String) async throws {
        let (status, text) = try await answer(.get, target)
        #expect(status == 404)
        #expect(text == #"{"error":{"code":"not_found","message":"there is nothing at \#(target)"}}"#)
    }

    @Test func aMethodThatIsNotThereIsNamedWithThoseThatAre() async throws {
        let response = await router.answer(try #require(ServerRequest(.put, "/v1/runs/7")))
        #expect(response.status == 405)
        #expect(response.headers["Allow"] == "DELETE, GET, HEAD")
    }

    @Test func whatAHandlerThrowsIsMadeAnAnswer() async throws {
        let (status, text) = try await answer(.get, "/v1/broken")
        #expect(status == 418)
        #expect(text == #"{"error":{"code":"teapot","message":"Teapot() at /v1/broken"}}"#)
    }

    @Test(arguments: ["", "v1", "/%", "/%ff", "/a?%zz", "*"])
    func aMalformedTargetIsNoRequest(target: String) {
        #expect(ServerRequest(.get, target) == nil)
    }

    @Test func theQueryIsRead() throws {
        let request = try #require(ServerRequest(.get, "/a/b?x=1&y=a+b&x=2"))
        #expect(request.path == "/a/b")
        #expect(request.segments == ["a", "b"])
        #expect(request.queryValue("x") == "1")
        #expect(request.queryValue("y") == "a b")
        #expect(request.queryValue("z") == nil)
        #expect(request.query.map(\.value) == ["1", "a b", "2"])
    }

    @Test func twoRoutesForTheSameRequestsAreAMistake() async {
        await #expect(processExitsWith: .failure) {
            _ = Router(
                [
                    Route(.get, "/a/{x}") { _, _ in .text("") }, Route(.get, "/a/{y}") { _, _ in .text("") },
                ], onError: { _, _ in .text("") })
        }
    }

    @Test func aBodyIsReadAndWrittenAsJSON() throws {
        let request = try #require(ServerRequest(.post, "/", body: Array(#"{"a": [1]}"#.utf8)))
        #expect(try request.json(JSONValue.self) == ["a": [1]])
        #expect(throws: JSONError.self) { try request.json([Int].self) }
        let response = try ServerResponse.json(["b": 2], status: 201)
        #expect(response.status == 201)
        #expect(response.headers["content-type"] == "application/json")
        guard case .bytes(let bytes) = response.body else { return #expect(Bool(false)) }
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"b":2}"#)
    }
}
