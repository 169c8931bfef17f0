import Access
import API
import BFFClient
import Descriptors
import Digests
import Events
import FoundationEssentials
import HTTPClient
import HTTPMessages
import HTTPServer
import JSON
import MessageLog
import ObjectStore
import Runtime
import TestSupport
import Testing

@testable import BFFService

/// What pods and uploads bring, through the real server.
@Suite struct IntakeTests {
    private func body(_ run: String, _ payloads: any EventPayload...) throws -> [UInt8] {
        var text = ""
        for (number, payload) in payloads.enumerated() {
            text += try RecordIntakeTests.line(payload, run: run, id: "\(number)") + "\n"
        }
        return Array(text.utf8)
    }

    @Test func whatAPodSendsIsOnTheLogWhenTheAnswerComes() async throws {
        try await NetworkFixture.serving { network in
            let run = try await network.submit()
            let body = try body(run, RecordIntakeTests.metrics(), RecordIntakeTests.logs())
            let answer = try await network.ask(
                .post, "/v1/runs/\(run)/attempts/1/records", token: network.token(of: run), body: body)
            #expect(answer.status == 200 && answer.text == #"{"records":2}"#)
            #expect(try await network.fixture.count(.metrics) == 1)
            #expect(try await network.fixture.count(.logs) == 1)
        }
    }

    @Test func aRequestWithOneBadLineLeavesNothing() async throws {
        try await NetworkFixture.serving { network in
            let run = try await network.submit()
            let good = try body(run, RecordIntakeTests.metrics())
            let answer = try await network.ask(
                .post, "/v1/runs/\(run)/attempts/1/records", token: network.token(of: run),
                body: good + Array("garbage\n".utf8) + good)
            #expect(answer.status == 400 && answer.words.hasPrefix("line 2: "))
            #expect(try await network.fixture.count(.metrics) == 0)
        }
    }

    @Test func aRunIsTakenForUntilItIsOver() async throws {
        try await NetworkFixture.serving { network in
            let run = try await network.submit()
            let body = try body(run, RecordIntakeTests.logs())
            func send() async throws -> HTTPResponse {
                try await network.ask(
                    .post, "/v1/runs/\(run)/attempts/1/records", token: network.token(of: run), body: body)
            }
            try await network.fixture.move(run, to: .running, attempt: 1)
            #expect(try await send().status == 200)
            try await network.fixture.move(run, to: .collecting)
            try await network.fixture.settle()
            #expect(try await send().status == 200)
            try await network.fixture.move(run, to: .succeeded)
            try await network.fixture.settle()
            let over = try await send()
            #expect(over.status == 410 && over.code == "gone")
            try await network.fixture.client.delete(run)
            #expect(try await send().status == 410)
            let nobody = "00000000-0000-0000-0000-000000000000"
            let unknown = try await network.ask(
                .post, "/v1/runs/\(nobody)/attempts/1/records", token: network.token(of: nobody), body: body)
            #expect(unknown.status == 404)
        }
    }

    @Test func whatIsTooLargeOrMisnumberedIsRefused() async throws {
        try await NetworkFixture.serving { network in
            let run = try await network.submit()
            let token = network.token(of: run)
            let large = [UInt8](repeating: UInt8(ascii: "x"), count: RecordIntake.mostBytes + 1)
            let answer = try await network.ask(
                .post, "/v1/runs/\(run)/attempts/1/records", token: token, body: large)
            #expect(answer.status == 413)
            for attempt in ["0", "-1", "x", "99999999999999999999"] {
                let answer = try await network.ask(
                    .post, "/v1/runs/\(run)/attempts/\(attempt)/records", token: token, body: [1])
                #expect(answer.status == 400, "\(attempt)")
            }
        }
    }

    @Test func aLogThatIsNotReadFastEnoughTakesNoMore() async throws {
        try await NetworkFixture.serving { network in
            let run = try await network.submit()
            let filler = NewRecord(topic: Topic.logs.rawValue, key: run, value: [])
            _ = try await network.fixture.log.publish(
                Array(repeating: filler, count: Int(Backlog.most)))
            let body = try body(run, RecordIntakeTests.logs())
            let answer = try await network.ask(
                .post, "/v1/runs/\(run)/attempts/1/records", token: network.token(of: run), body: body)
            #expect(answer.status == 429 && answer.code == "overloaded")
            #expect(answer.headers["Retry-After"] == "5")
        }
    }

    // Contents.

    /// A run that was fetched with a file and a folder.
    private func fetched(_ network: NetworkFixture) async throws -> (
        run: String, file: StoredObject, folder: StoredObject
    ) {
        let run = try await network.submit()
        let file = try await network.objects.fetch(
            Source(try network.fixture.folder.write("data", "0123456789")))
        try network.fixture.folder.write("tree/a/b.txt", "b")
        try network.fixture.folder.write("tree/c.txt", "c")
        let folder = try await network.objects.fetch(Source(network.fixture.folder.file("tree")))
        let contents = [file, folder].map {
            FetchedContent(
                role: .dataset, id: $0.sha256, source: "x", path: "/d",
                kind: $0.kind == .file ? .file : .directory,
                sha256: $0.sha256, size: $0.size)
        }
        let submitted = try await network.fixture.submission(of: run)
        try await network.fixture.publish(RunFetched(run: submitted, contents: contents), about: run)
        return (run, file, folder)
    }

    @Test func aPodGetsTheContentsOfItsRun() async throws {
        try await NetworkFixture.serving { network in
            let (run, file, folder) = try await fetched(network)
            let token = network.token(of: run)
            let whole = try await network.ask(.get, "/v1/objects/\(file.sha256)", token: token)
            #expect(whole.text == "0123456789" && whole.headers["ETag"] == "\"\(file.sha256)\"")
            #expect(whole.headers["Content-Length"] == "10")
            let head = try await network.ask(.head, "/v1/objects/\(file.sha256)", token: token)
            #expect(head.status == 200 && head.headers["Content-Length"] == "10" && head.body.isEmpty)
            let part = try await network.ask(
                .get, "/v1/objects/\(file.sha256)", token: token, headers: ["Range": "bytes=4-"])
            #expect(part.status == 206 && part.text == "456789")
            #expect(part.headers["Content-Range"] == "bytes 4-9/10")
            let beyond = try await network.ask(
                .get, "/v1/objects/\(file.sha256)", token: token, headers: ["Range": "bytes=10-"])
            #expect(beyond.status == 416 && beyond.headers["Content-Range"] == "bytes */10")
            let other = try await network.ask(
                .get, "/v1/objects/\(file.sha256)", token: token,
                headers: ["Range": "bytes=4-", "If-Range": "\"other\""])
            #expect(other.status == 200 && other.text == "0123456789")
            let known = try await network.ask(
                .get, "/v1/objects/\(file.sha256)", token: token,
                headers: ["If-None-Match": "\"\(file.sha256)\""])
            #expect(known.status == 304)
            let tar = try await network.ask(.get, "/v1/objects/\(folder.sha256)", token: token)
            #expect(tar.headers["Content-Type"] == "application/x-tar")
            // Unpacked it is the same folder: its digest is over names, contents and modes.
            let path = network.objects.uploadPath()
            try Data(tar.body).write(to: URL(filePath: path))
            let sha256 = Digest.of(tar.body).hexadecimal
            _ = try await network.objects.adopt(path, as: sha256)
            #expect(try await network.objects.fetch(Source("upload:\(sha256)", unpacks: true)) == folder)
        }
    }

    @Test func aPodGetsNothingElse() async throws {
        try await NetworkFixture.serving { network in
            let (run, file, _) = try await fetched(network)
            let other = try await network.submit()
            func status(_ path: String, _ token: String) async throws -> Int {
                try await network.ask(.get, "/v1/objects/\(path)", token: token).status
            }
            #expect(try await status(file.sha256, network.token(of: other)) == 404)
            #expect(try await status(file.sha256, network.ada.text) == 403)
            let token = network.token(of: run)
            #expect(try await status(Digest.of("unknown").hexadecimal, token) == 404)
            for path in [
                "..%2f..%2fetc%2fpasswd", "..", "%00", "abc", file.sha256 + "x",
                String(repeating: "g", count: 64),
                "..%2f" + String(repeating: "a", count: 61),
            ] {
                #expect([400, 404].contains(try await status(path, token)), "\(path)")
            }
            try await network.fixture.move(run, to: .canceled)
            try await network.fixture.settle()
            #expect(try await status(file.sha256, token) == 410)
        }
    }

    // Uploads.

    @Test func anUploadIsTakenOnceAndARunRefersToIt() async throws {
        try await NetworkFixture.serving { network in
            let bytes = [UInt8]("an archive".utf8)
            let sha256 = Digest.of(bytes).hexadecimal
            let (path, token) = ("/v1/uploads/\(sha256)", network.ada.text)
            var request = Samples.request()
            request.upload = sha256.uppercased()
            func submit() async throws -> HTTPResponse {
                try await network.ask(.post, "/v1/runs", token: token, body: try JSONCoding.encode(request))
            }
            #expect(try await submit().status == 404)
            #expect(try await network.ask(.head, path, token: token).status == 404)
            let first = try await network.ask(.put, path, token: token, body: bytes)
            #expect(first.status == 201 && first.text == #"{"sha256":"\#(sha256)","size":10}"#)
            #expect(try await network.ask(.head, path, token: token).status == 200)
            #expect(try await network.ask(.put, path, token: token, body: bytes).status == 200)
            let answer = try await submit()
            #expect(answer.status == 201)
            let run = try JSONCoding.decode(SubmitResponse.self, from: answer.body).runs[0].id
            let submitted = try await network.fixture.submission(of: run)
            #expect(submitted.descriptor.ml?.script?.script == "upload:\(sha256)")
            // The text that the user wrote is as it was.
            #expect(submitted.source.document == Samples.descriptor())
            request.upload = "../../etc/passwd"
            #expect(try await submit().status == 400)
        }
    }

    @Test func anUploadThatIsNotWhatItsNameSaysLeavesNothing() async throws {
        try await NetworkFixture.serving { network in
            let sha256 = Digest.of("something else").hexadecimal
            let (path, token) = ("/v1/uploads/\(sha256)", network.ada.text)
            let answer = try await network.ask(.put, path, token: token, body: Array("garbage".utf8))
            #expect(answer.status == 400 && answer.words.contains(Digest.of("garbage").hexadecimal))
            #expect(try await network.ask(.head, path, token: token).status == 404)
            let isEmpty = try await eventually {
                try FileManager.default.contentsOfDirectory(
                    atPath: network.fixture.folder.file("objects/tmp")
                ).isEmpty
            }
            #expect(isEmpty, "what was not taken is left behind")
            for name in ["..%2f..%2fx", "abc", "%2e%2e"] {
                let answer = try await network.ask(.put, "/v1/uploads/\(name)", token: token, body: [1])
                #expect(answer.status == 400, "\(name)")
            }
        }
    }

    @Test func whoMayNotUploadSendsNothingIntoTheStore() async throws {
        try await NetworkFixture.serving { network in
            let body = [UInt8](repeating: 7, count: 2_000_000)
            let answer = try await network.ask(
                .put, "/v1/uploads/\(Digest.of(body).hexadecimal)", token: "bai_wrong", body: body)
            #expect(answer.status == 401)
            let files = try FileManager.default.contentsOfDirectory(
                atPath: network.fixture.folder.file("objects/tmp"))
            #expect(files.isEmpty)
        }
    }

    @Test func anUploadDeclaredTooLargeIsRefusedByItsHead() async throws {
        try await NetworkFixture.serving { network in
            let connection = try RawConnection.connect(port: network.port)
            let size = BFF.largestUpload + 1
            await connection.write(
                "PUT /v1/uploads/\(Digest.of("x").hexadecimal) HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\n"
                    + "Authorization: Bearer \(network.ada.text)\r\nConnection: close\r\n\r\n")
            // It reads on for a while, so that a peer that sends before it listens hears why; and no longer.
            let piece = [UInt8](repeating: 0, count: 1 << 20)
            var sent = 0
            while sent < size, await onThread({ connection.write(piece) }) { sent += piece.count }
            #expect(sent < 64 << 20)
        }
    }
}
