import Digests
import Events
import HTTPClient
import HTTPMessages
import HTTPServer
import JSON
import Notification
import Runtime
import TestSupport
import Testing

@Suite struct WebhookChannelTests {
    private let time = ManualTime(Timestamp(milliseconds: 1_763_699_000_123))

    private func channels(
        url: String, secret: SecretReference? = nil, environment: [String: String] = [:]
    ) -> NotificationChannels {
        NotificationChannels(
            // Far more than a loaded machine needs.
            NotificationSettings(webhooks: [
                "team": WebhookSettings(url: url, secret: secret, deadline: .seconds(120))
            ]),
            secrets: SecretSource(environment: environment),
            output: StructuredLog(service: "test", write: { _ in }), time: time)
    }

    private func failure(
        _ channels: NotificationChannels, _ word: String = "webhook:team"
    ) async -> NotificationError? {
        do {
            try await channels.deliver(Sample.notice, to: word)
            return nil
        } catch {
            return error
        }
    }

    @Test func aNoticeIsPostedAsJSON() async throws {
        let receiver = try Receiver()
        try await channels(url: receiver.url).deliver(Sample.notice, to: "webhook:team")
        let request = try #require(receiver.requests.first)
        #expect(receiver.requests.count == 1)
        #expect(request.method == .post)
        #expect(request.path == "/hooks/secret-path")
        #expect(request.headers["Content-Type"] == "application/json")
        #expect(request.headers["Bai-Delivery"] == "d-17")
        #expect(request.headers["Bai-Event"] == "alarm.open")
        #expect(request.headers["Bai-Signature"] == nil)
        let body = try request.json(JSONValue.self)
        #expect(body["id"] == "d-17")
        #expect(body["event"] == "alarm.open")
        #expect(body["alarm"]?["message"] == "latency is 300 ms")
        #expect(body["alarm"]?["series"]?["metric"] == "latency")
        await receiver.stop()
    }

    @Test func aReceiverCanVerifyTheSignature() async throws {
        let receiver = try Receiver()
        try await channels(
            url: receiver.url, secret: .environment("HOOK"), environment: ["HOOK": "s3cret"]
        ).deliver(Sample.notice, to: "webhook:team")
        let request = try #require(receiver.requests.first)
        let signature = try #require(request.headers["Bai-Signature"])
        let parts = signature.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1) }
        #expect(parts.map { $0.first } == ["t", "v1"])
        #expect(parts.first?.last == "1763699000")
        let message = Array("1763699000.".utf8) + request.body
        let expected = HMAC.sha256(key: Array("s3cret".utf8), message: message)
        #expect(parts.last?.last.map(String.init) == Hexadecimal.encode(expected))
        await receiver.stop()
    }

    /// Computed with Python's hmac: what a receiver in another language finds.
    @Test func theSignatureIsTheOneOfRFC2104() async throws {
        let code = HMAC.sha256(key: Array("s3cret".utf8), message: Array("1763699000.{}".utf8))
        #expect(
            Hexadecimal.encode(code) == "2682f0b1821695b496477707eff5ce15b0e2001725124dcd91176f42525a84ea")
    }

    @Test func aSecretInAFileIsReadWithoutItsLineEnd() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("secret", "s3cret\n")
        let receiver = try Receiver()
        try await channels(url: receiver.url, secret: .file(path))
            .deliver(Sample.notice, to: "webhook:team")
        try await channels(
            url: receiver.url, secret: .environment("HOOK"), environment: ["HOOK": "s3cret"]
        ).deliver(Sample.notice, to: "webhook:team")
        let signatures = receiver.requests.map { $0.headers["Bai-Signature"] }
        #expect(signatures.count == 2)
        #expect(signatures.first == signatures.last)
        await receiver.stop()
    }

    @Test func aSecretThatIsNotThereIsSaidAndNothingIsSent() async throws {
        let receiver = try Receiver()
        let unset = await failure(channels(url: receiver.url, secret: .environment("HOOK")))
        #expect(unset?.code == .misconfigured)
        #expect(unset?.message == "webhook:team: environment variable HOOK holds no secret")
        #expect(unset?.isTransient == true)
        let missing = await failure(channels(url: receiver.url, secret: .file("/nonexistent")))
        #expect(missing?.code == .misconfigured)
        #expect(receiver.requests.isEmpty)
        await receiver.stop()
    }

    @Test(arguments: [
        (400, NotificationError.Code.refused), (401, .refused), (404, .refused), (410, .refused),
        (408, .unavailable), (429, .unavailable), (500, .unavailable), (502, .unavailable),
        (503, .unavailable), (301, .unavailable), (307, .unavailable),
    ])
    func theStatusSaysWhetherToTryAgain(_ status: Int, _ code: NotificationError.Code) async throws {
        let receiver = try Receiver(answers: [status], headers: ["Location": "http://127.0.0.1:1/elsewhere"])
        let error = try #require(await failure(channels(url: receiver.url)))
        #expect(error.code == code)
        #expect(error.message.contains("\(status)"))
        #expect(error.isTransient == (code == .unavailable))
        #expect(receiver.requests.count == 1, "a redirect must not be followed")
        await receiver.stop()
    }

    @Test(arguments: [200, 201, 202, 204])
    func everythingFrom200To299HasTakenIt(_ status: Int) async throws {
        let receiver = try Receiver(answers: [status])
        #expect(await failure(channels(url: receiver.url)) == nil)
        await receiver.stop()
    }

    @Test func aReceiverThatIsDownIsTransientAndItsAddressStaysOurs() async throws {
        let receiver = try Receiver()
        let url = receiver.url
        await receiver.stop()
        let error = try #require(await failure(channels(url: url)))
        #expect(error.code == .unavailable)
        #expect(error.message == "webhook:team cannot be reached (could_not_connect)")
        for secret in ["secret-path", "hidden", "127.0.0.1"] { #expect(!error.message.contains(secret)) }
    }

    @Test func aReceiverThatDoesNotAnswerIsNotWaitedForLong() async throws {
        let receiver = try Receiver(delay: .seconds(3600))
        let channels = NotificationChannels(
            NotificationSettings(webhooks: [
                "team": WebhookSettings(url: receiver.url, deadline: .milliseconds(50))
            ]), secrets: SecretSource(environment: [:]),
            output: StructuredLog(service: "test", write: { _ in }))
        let error = try #require(await failure(channels))
        #expect(error.code == .unavailable)
        #expect(error.message == "webhook:team cannot be reached (timed_out)")
        await receiver.stop()
    }

    @Test func anAddressThatIsNoneIsAMistakeInTheSettings() async throws {
        let error = try #require(await failure(channels(url: "not a url")))
        #expect(error.code == .misconfigured)
        #expect(!error.message.contains("not a url"))
    }

    @Test(arguments: ["webhook:other", "webhook", "log:x", "slack:perf", "email:a@example.com", "", ":"])
    func aWordThatNamesNoChannelIsSaid(_ word: String) async throws {
        let error = try #require(await failure(channels(url: "http://127.0.0.1:1/"), word))
        #expect(error.code == .unknownChannel)
        #expect(!error.isTransient)
        #expect(error.message.hasPrefix(word))
    }
}
