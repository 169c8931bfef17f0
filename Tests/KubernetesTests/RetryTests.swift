import HTTPMessages
import JSON
import Kubernetes
import KubernetesStandIn
import Runtime
import TestSupport
import Testing

@Suite struct RetryTests {
    @Test func aLostAnswerIsFoundByTheSecondTry() async throws {
        let fixture = try Fixture()
        fixture.cluster.inject(Fault(.loseAnswer, method: .post))
        let (object, isNew) = try await fixture.configMaps.createOrGet(ConfigMap("a", ["x": "1"]))
        #expect(object.value.data == ["x": "1"])
        // The object was made once: that the answer told of another one's is why its maker must be looked at.
        #expect(!isNew)
        #expect(fixture.cluster.requests.filter { $0 == "POST /api/v1/namespaces/bai/configmaps" }.count == 2)
    }

    @Test func aGeneratedNameIsNotAskedForTwice() async throws {
        let fixture = try Fixture()
        var object = ConfigMap("")
        object.metadata.name = nil
        object.metadata.generateName = "a-"
        let unnamed = object
        fixture.cluster.inject(Fault(.loseAnswer, method: .post))
        let error = await failure { _ = try await fixture.configMaps.create(unnamed) }
        #expect(error?.code == .unreachable)
        #expect(fixture.cluster.objects("configmaps", in: "bai").count == 1)
    }

    @Test(arguments: [500, 503, 504])
    func aServersTroubleIsWaitedFor(status: Int) async throws {
        let fixture = try Fixture()
        fixture.cluster.inject(Fault(.refuse(status: status, retryAfter: nil), times: 3))
        _ = try await fixture.configMaps.create(ConfigMap("a"))
        #expect(fixture.cluster.requests.count == 4)
    }

    @Test func theServersWishToWaitIsObeyed() async throws {
        let cluster = try KubernetesStandIn()
        let time = SleptTime()
        let start = time.now
        let client = KubernetesClient(
            ClusterConnection(
                server: cluster.url, credentials: FixedCredentials(.token(KubernetesStandIn.adminToken))),
            time: time)
        cluster.inject(Fault(.refuse(status: 429, retryAfter: 7)))
        // Even what is not safe to do twice: a server that sheds load has not begun.
        let named: JSONValue = ["metadata": ["generateName": "a-"]]
        _ = try await client.resources(ConfigMap.resourceType, in: "default").create(named)
        #expect(time.now - start >= .seconds(7))
    }

    @Test func aRefusalForGoodIsNotTriedAgain() async throws {
        let fixture = try Fixture()
        fixture.cluster.forgetRequests()
        _ = await failure { _ = try await fixture.configMaps.get("none") }
        #expect(fixture.cluster.requests.count == 1)
    }

    @Test func aServerThatNeverAnswersIsGivenUp() async throws {
        let fixture = try Fixture { limits in
            limits.attempt = .milliseconds(100)
            limits.call = .milliseconds(400)
        }
        fixture.cluster.inject(Fault(.hang, times: 100))
        let start = ContinuousClock.now
        let error = await failure { _ = try await fixture.configMaps.get("a") }
        #expect(error?.code == .timedOut)
        #expect(start.duration(to: .now) < .seconds(10))
    }

    @Test func oneHangingTryIsNotTheEnd() async throws {
        let fixture = try Fixture { $0.attempt = .milliseconds(200) }
        fixture.cluster.inject(Fault(.hang))
        #expect(try await fixture.configMaps.list().objects.isEmpty)
    }

    @Test func retriesEndWithTheBudget() async throws {
        let fixture = try Fixture()
        fixture.cluster.inject(Fault(.refuse(status: 500, retryAfter: nil), times: 10_000))
        for _ in 0..<20 { _ = await failure { _ = try await fixture.configMaps.get("a") } }
        // Twenty first tries, and the twenty retries that the budget starts with.
        #expect(fixture.cluster.requests.count == 40)
    }

    @Test func aProxysPageIsAnErrorWithItsWords() async throws {
        let fixture = try Fixture { $0.attempts = 1 }
        fixture.cluster.inject(Fault(.page(status: 502, "<h1>Bad\n Gateway</h1>")))
        let error = await failure { _ = try await fixture.configMaps.get("a") }
        #expect(error?.code == .serverFault)
        #expect(error?.message.contains("HTTP 502: <h1>Bad Gateway</h1>") == true)
    }

    @Test func anAnswerThatIsNoJSONIsNoAnswer() async throws {
        let fixture = try Fixture()
        fixture.cluster.inject(Fault(.page(status: 200, "{\"kind\":")))
        let error = await failure { _ = try await fixture.configMaps.get("a") }
        #expect(error?.code == .invalidResponse)
    }

    @Test func whoIsCancelledStopsWaiting() async throws {
        let fixture = try Fixture { $0.attempt = .seconds(60) }
        fixture.cluster.inject(Fault(.hang))
        let maps = fixture.configMaps
        let task = Task { await failure { _ = try await maps.get("a") } }
        let isUnderWay = await eventually { fixture.cluster.requests.contains { $0.hasPrefix("GET") } }
        #expect(isUnderWay)
        task.cancel()
        #expect(await task.value?.code == .canceled)
    }
}
