import HTTPMessages
import JSON
import Kubernetes
import KubernetesStandIn
import Runtime
import TestSupport
import Testing

/// A reflector under way, and what it told.
private final class Follower: Sendable {
    let told = Collected<String>()
    let troubles = Collected<KubernetesError.Code>()
    private let task: Task<Void, Never>

    init(_ fixture: Fixture, _ selection: Selection = Selection(), lasting: Duration = .seconds(60)) {
        let (told, troubles) = (told, troubles)
        let reflector = Reflector(
            fixture.configMaps, selection, lasting: lasting,
            backoff: Backoff(first: .milliseconds(2), most: .milliseconds(20))
        ) { error, _ in troubles.add(error.code) }
        task = Task {
            try? await reflector.run { change in
                switch change {
                case .present(let object):
                    told.add("\(object.metadata.name)=\(object.value.data?["v"] ?? "")")
                case .absent(let object, let last): told.add("-\(object.name)\(last == nil ? "?" : "")")
                case .listed: told.add("listed")
                }
            }
        }
    }

    deinit { task.cancel() }

    func tells(_ expected: [String]) async -> Bool {
        await eventually { self.told.values == expected }
    }
}

@Suite struct ReflectorTests {
    @Test func everyObjectAndEveryEndIsTold() async throws {
        let fixture = try Fixture()
        _ = try await fixture.configMaps.create(ConfigMap("a", ["v": "1"]))
        let follower = Follower(fixture)
        #expect(await follower.tells(["a=1", "listed"]))
        _ = try await fixture.configMaps.create(ConfigMap("b", ["v": "1"]))
        _ = try await fixture.configMaps.patch("a", .merge(["data": ["v": "2"]]))
        _ = try await fixture.configMaps.delete("b")
        #expect(await follower.tells(["a=1", "listed", "b=1", "a=2", "-b"]))
    }

    @Test func aBrokenWatchGoesOnWhereItWas() async throws {
        let fixture = try Fixture()
        let follower = Follower(fixture)
        #expect(await follower.tells(["listed"]))
        for number in 1...5 {
            _ = try await fixture.configMaps.create(ConfigMap("a\(number)", ["v": "1"]))
            fixture.cluster.breakStreams()
        }
        #expect(await follower.tells(["listed"] + (1...5).map { "a\($0)=1" }))
        // Not by listing again.
        #expect(fixture.cluster.requests.filter { $0 == "GET /api/v1/namespaces/bai/configmaps" }.count >= 2)
        #expect(follower.told.values.filter { $0 == "listed" }.count == 1)
    }

    @Test func aForgottenVersionMeansAListAndNothingTwice() async throws {
        let fixture = try Fixture()
        for name in ["a", "b", "c"] { _ = try await fixture.configMaps.create(ConfigMap(name, ["v": "1"])) }
        let follower = Follower(fixture)
        #expect(await follower.tells(["a=1", "b=1", "c=1", "listed"]))
        // While nobody watches: one stays, one changes, one goes, one goes and comes back.
        fixture.cluster.inject(
            Fault(.refuse(status: 503, retryAfter: nil), method: .get, path: "configmaps", times: 3))
        fixture.cluster.breakStreams()
        let isDown = await eventually { !follower.troubles.values.isEmpty }
        #expect(isDown)
        fixture.cluster.update("configmaps", "bai", "b") { $0["data"]?["v"] = "2" }
        fixture.cluster.remove("configmaps", "bai", "c")
        fixture.cluster.compact()
        #expect(await follower.tells(["a=1", "b=1", "c=1", "listed", "b=2", "-c?", "listed"]))
    }

    @Test func anObjectMadeAnewUnderItsNameIsAnEndAndABegin() async throws {
        let fixture = try Fixture()
        _ = try await fixture.configMaps.create(ConfigMap("a", ["v": "1"]))
        let follower = Follower(fixture)
        #expect(await follower.tells(["a=1", "listed"]))
        fixture.cluster.inject(
            Fault(.refuse(status: 503, retryAfter: nil), method: .get, path: "configmaps", times: 3))
        fixture.cluster.breakStreams()
        let isDown = await eventually { !follower.troubles.values.isEmpty }
        #expect(isDown)
        fixture.cluster.remove("configmaps", "bai", "a")
        try fixture.cluster.store(
            "configmaps", ["metadata": ["name": "a", "namespace": "bai"], "data": ["v": "2"]])
        fixture.cluster.compact()
        #expect(await follower.tells(["a=1", "listed", "-a?", "a=2", "listed"]))
    }

    @Test func repeatedAndStaleEventsAreToldOnce() async throws {
        let fixture = try Fixture()
        let follower = Follower(fixture)
        #expect(await follower.tells(["listed"]))
        for number in 1...4 { _ = try await fixture.configMaps.create(ConfigMap("a\(number)", ["v": "1"])) }
        #expect(await follower.tells(["listed", "a1=1", "a2=1", "a3=1", "a4=1"]))
        fixture.cluster.repeatEvents(3)
        fixture.cluster.breakStreams()
        let isBack = await eventually {
            fixture.cluster.requests.filter { $0 == "GET /api/v1/namespaces/bai/configmaps" }.count >= 3
        }
        #expect(isBack)
        _ = try await fixture.configMaps.create(ConfigMap("last", ["v": "1"]))
        #expect(await follower.tells(["listed", "a1=1", "a2=1", "a3=1", "a4=1", "last=1"]))
    }

    @Test func aServerThatRestartsIsWaitedFor() async throws {
        let fixture = try Fixture()
        _ = try await fixture.configMaps.create(ConfigMap("a", ["v": "1"]))
        let follower = Follower(fixture)
        #expect(await follower.tells(["a=1", "listed"]))
        try await fixture.cluster.restart {
            fixture.cluster.update("configmaps", "bai", "a") { $0["data"]?["v"] = "2" }
        }
        #expect(await follower.tells(["a=1", "listed", "a=2"]))
    }

    @Test func bookmarksKeepAQuietWatchFromBeingForgotten() async throws {
        let fixture = try Fixture()
        let follower = Follower(fixture)
        #expect(await follower.tells(["listed"]))
        // Changes of others move the server on; what this one is told is where it is now.
        for number in 0..<50 {
            try fixture.cluster.store(
                "secrets", ["metadata": ["name": .string("s\(number)"), "namespace": "bai"]])
        }
        let watch = try await fixture.configMaps.watch(from: fixture.configMaps.list().resourceVersion)
        var events = watch.makeAsyncIterator()
        guard case .bookmark(let version)? = try await events.next() else {
            Issue.record("a quiet watch gets a bookmark")
            return
        }
        #expect(Int(version) ?? 0 > 1000)
        #expect(follower.troubles.values.isEmpty)
    }

    @Test func anObjectThatLeavesTheSelectionIsGone() async throws {
        let fixture = try Fixture()
        _ = try await fixture.configMaps.create(ConfigMap("a", ["v": "1"], labels: ["in": "yes"]))
        let follower = Follower(fixture, Selection(labels: "in=yes"))
        #expect(await follower.tells(["a=1", "listed"]))
        _ = try await fixture.configMaps.patch("a", .merge(["metadata": ["labels": ["in": "no"]]]))
        #expect(await follower.tells(["a=1", "listed", "-a"]))
    }

    @Test func aWatchThatEndsByItselfIsTakenUpAgain() async throws {
        let fixture = try Fixture()
        let follower = Follower(fixture, lasting: .seconds(1))
        #expect(await follower.tells(["listed"]))
        let hasEnded = await eventually {
            fixture.cluster.requests.filter { $0 == "GET /api/v1/namespaces/bai/configmaps" }.count >= 3
        }
        #expect(hasEnded)
        _ = try await fixture.configMaps.create(ConfigMap("a", ["v": "1"]))
        #expect(await follower.tells(["listed", "a=1"]))
        #expect(follower.troubles.values.isEmpty)
    }

    @Test func anObjectThatCannotBeReadHidesNoOther() async throws {
        let fixture = try Fixture()
        let broken: JSONValue = ["metadata": ["name": "broken", "namespace": "bai"], "data": ["v": 7]]
        try fixture.cluster.store("configmaps", broken)
        _ = try await fixture.configMaps.create(ConfigMap("a", ["v": "1"]))
        let follower = Follower(fixture)
        #expect(await follower.tells(["a=1", "listed"]))
        fixture.cluster.update("configmaps", "bai", "broken") { $0["data"]?["v"] = 8 }
        _ = try await fixture.configMaps.create(ConfigMap("b", ["v": "1"]))
        fixture.cluster.update("configmaps", "bai", "broken") { $0["data"]?["v"] = "9" }
        #expect(await follower.tells(["a=1", "listed", "b=1", "broken=9"]))
        #expect(follower.troubles.values == [.invalidResponse, .invalidResponse])
    }

    @Test func aWatchThatEndsAtOnceIsNotBegunInALoop() async throws {
        let fixture = try Fixture()
        let follower = Follower(fixture)
        #expect(await follower.tells(["listed"]))
        fixture.cluster.inject(
            Fault(.page(status: 200, ""), method: .get, path: "configmaps", times: 5))
        fixture.cluster.breakStreams()
        let isTold = await eventually { follower.troubles.values.count >= 5 }
        #expect(isTold)
        _ = try await fixture.configMaps.create(ConfigMap("a", ["v": "1"]))
        #expect(await follower.tells(["listed", "a=1"]))
    }

    @Test func whoHandlesChangesCanEndIt() async throws {
        struct Enough: Error {}
        let fixture = try Fixture()
        _ = try await fixture.configMaps.create(ConfigMap("a"))
        await #expect(throws: Enough.self) {
            try await Reflector(fixture.configMaps).run { _ in throw Enough() }
        }
    }

    @Test func aVersionBeforeTheServersMemoryIsGone() async throws {
        let fixture = try Fixture()
        _ = try await fixture.configMaps.create(ConfigMap("a"))
        fixture.cluster.compact()
        let error = await failure {
            for try await _ in try await fixture.configMaps.watch(from: "1001") {}
        }
        #expect(error?.code == .gone)
        #expect(error?.message.contains("list again") == true)
    }
}
