import API
import JSON
import Testing

@Suite struct APITests {
    @Test func everyErrorCodeHasAStatusThatSaysWhoIsToBlame() {
        for code in APIErrorCode.allCases {
            #expect((400...599).contains(code.httpStatus), "\(code)")
            #expect(
                (code.httpStatus >= 500) == [.unavailable, .full, .internalError].contains(code), "\(code)")
        }
    }

    @Test func aSubmissionNamesItsFieldsInSnakeCase() throws {
        let request = SubmitRequest(
            descriptor: "x", filename: "d.toml", dryRun: true,
            client: SubmitRequest.Client(id: "host", version: "1.0.0", username: "ada"))
        let tree = try JSONCoding.tree(request)
        #expect(tree["dry_run"] == true)
        #expect(tree["client"]?["username"] == "ada")
        #expect(try JSONCoding.decode(SubmitRequest.self, from: tree) == request)
    }

    @Test func anErrorSurvivesTheWayThereAndBack() throws {
        let body = ErrorBody(.conflict, "it is taken", problems: [["code": "x"]])
        #expect(try JSONCoding.decode(ErrorBody.self, from: JSONCoding.encode(body)) == body)
    }

    @Test func theLastPageHasNoNext() throws {
        #expect(try JSONCoding.text(Page(items: ["a"])) == #"{"items":["a"]}"#)
        #expect(try JSONCoding.text(Page(items: ["a"], next: "c")) == #"{"items":["a"],"next":"c"}"#)
    }
}
