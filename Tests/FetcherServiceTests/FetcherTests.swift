import Descriptors
import Events
import Glibc
import MessageLog
import ObjectStore
import Runtime
import ServiceLoop
import TestSupport
import Testing

@testable import FetcherService

/// The fetcher over a log, with a store that fetches nothing; the tests play the other services.
@Suite struct FetcherTests {
    let stage: ServiceStage
    let store = FakeStore()

    init() async throws {
        stage = try await ServiceStage(services: "fetcher")
    }

    private func fetcher(time: any TimeSource = SystemTime()) -> Fetcher {
        Fetcher(store: store, time: time, output: StructuredLog(service: "test", write: { _ in }))
    }

    private func submit(_ run: String, _ sources: String...) async throws {
        let data = sources.map { Descriptor.DataSource(src: $0, path: "/data/\($0)") }
        try await stage.send(RunSubmitted.sample(sources: data), to: run)
    }

    private func waitFor(
        _ status: String, of run: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let isThere = try await eventually { try await stage.statuses(of: run).contains(status) }
        let statuses = try await stage.statuses(of: run)
        #expect(isThere, "\(run) never became \(status), only \(statuses)", sourceLocation: sourceLocation)
    }

    private func fetched(_ run: String) async throws -> [RunFetched] {
        try await stage.payloads(RunFetched.self, of: run)
    }

    @Test func aRunGetsAllThatItNeedsInTheOrderOfItsDescriptor() async throws {
        try await stage.running(fetcher()) {
            try await submit("r", "a", "b", "c")
            try await waitFor("FETCHED 0", of: "r")
        }
        #expect(try await stage.statuses(of: "r") == ["FETCHING 0", "FETCHED 0"])
        let contents = try #require(try await fetched("r").first).contents
        #expect(contents.map(\.source) == ["a", "b", "c"])
        #expect(contents.map(\.sha256) == ["a", "b", "c"].map { FakeStore.object($0).sha256 })
    }

    @Test func aSecretIsInTheAddressThatTheStoreGetsAndInNothingElse() async throws {
        let folder = try TemporaryFolder()
        chmod(try folder.write("token", "a/b&c\n"), 0o600)
        let address = "https://example.org/a?token=${secret.token}"
        let fetcher = Fetcher(store: store, secrets: SecretFolder(folder.path))
        try await stage.running(fetcher) {
            try await stage.send(RunSubmitted.sample(sources: [.init(src: address, path: "/a")]), to: "r")
            try await waitFor("FETCHED 0", of: "r")
        }
        #expect(store.fetched == ["https://example.org/a?token=a%2Fb%26c"])
        let told = try #require(try await fetched("r").first)
        #expect(told.contents.map(\.source) == ["https://example.org/a"])
        #expect(told.run.descriptor.data?.sources.map(\.src) == [address])
    }

    @Test func aSecretThatIsNotThereEndsTheRunWithItsName() async throws {
        try await stage.running(fetcher()) {
            let source = Descriptor.DataSource(src: "https://example.org/?token=${secret.none}", path: "/a")
            try await stage.send(RunSubmitted.sample(sources: [source]), to: "r")
            try await waitFor("ERROR 0", of: "r")
        }
        let last = try #require(try await stage.payloads(StatusChanged.self, of: "r").last)
        #expect(last.reason == .secretUnavailable)
        #expect(last.message.contains("\"none\""))
        #expect(store.fetched.isEmpty)
    }

    @Test func aRunThatNeedsNothingAsksForNothing() async throws {
        try await stage.running(fetcher()) {
            try await submit("r")
            try await waitFor("FETCHED 0", of: "r")
        }
        #expect(store.fetched.isEmpty)
        #expect(try await fetched("r").map(\.contents) == [[]])
    }

    @Test func tenRunsThatWantTheSameAllGetIt() async throws {
        try await stage.running(fetcher()) {
            for index in 0..<10 { try await submit("r\(index)", "same") }
            for index in 0..<10 { try await waitFor("FETCHED 0", of: "r\(index)") }
        }
        for index in 0..<10 {
            let contents = try await fetched("r\(index)").map { $0.contents.map(\.sha256) }
            #expect(contents == [[FakeStore.object("same").sha256]])
        }
    }

    @Test func oneSlowRunDoesNotHoldUpTheOthers() async throws {
        store.hold()
        try await stage.running(fetcher()) {
            try await submit("slow", "a")
            try await waitFor("FETCHING 0", of: "slow")
            try await submit("quick")
            try await waitFor("FETCHED 0", of: "quick")
            #expect(try await fetched("slow").isEmpty)
            store.open()
            try await waitFor("FETCHED 0", of: "slow")
        }
    }

    @Test func theSameRunSentTwiceIsFetchedOnce() async throws {
        try await stage.running(fetcher()) {
            try await submit("r", "a")
            try await submit("r", "a")
            try await waitFor("FETCHED 0", of: "r")
            try await submit("r", "a")
            // Of the same partition's records this one is the last: when it is done, so are they.
            try await stage.send(Command(kind: .cancel), to: "r")
            try await submit("s")
            try await waitFor("FETCHED 0", of: "s")
        }
        #expect(try await fetched("r").count == 1)
        #expect(store.fetched == ["a"])
    }

    @Test func aRestartInTheMiddleFetchesAgainAndTellsOnce() async throws {
        store.hold()
        try await stage.running(fetcher()) {
            for index in 0..<10 { try await submit("r\(index)", "same") }
            #expect(await eventually { store.waiting == 10 })
        }
        #expect(await eventually { store.left.count == 10 }, "whoever ends lets go of what it fetches")
        store.open()
        try await stage.running(fetcher()) {
            for index in 0..<10 { try await waitFor("FETCHED 0", of: "r\(index)") }
        }
        for index in 0..<10 {
            #expect(try await fetched("r\(index)").count == 1)
            #expect(try await stage.statuses(of: "r\(index)") == ["FETCHING 0", "FETCHED 0"])
        }
    }

    @Test func aStoreThatCannotBeWrittenIsWaitedFor() async throws {
        let full = ObjectStoreError(.storeUnavailable, "the object store: no space")
        store.fail("a", full, full, full)
        try await stage.running(fetcher(time: HastyTime())) {
            try await submit("r", "a")
            try await waitFor("FETCHED 0", of: "r")
        }
        #expect(store.fetched == ["a", "a", "a", "a"])
        #expect(try await stage.statuses(of: "r") == ["FETCHING 0", "FETCHED 0"])
    }

    @Test func whatCannotBeFetchedEndsTheRunWithTheReason() async throws {
        store.fail("b", ObjectStoreError(.digestMismatch, "b is not what the descriptor says"))
        try await stage.running(fetcher()) {
            try await submit("r", "a", "b")
            try await waitFor("ERROR 0", of: "r")
        }
        let change = try #require(try await stage.payloads(StatusChanged.self, of: "r").last)
        #expect(change.reason == Reason("DigestMismatch"))
        #expect(change.message == "b is not what the descriptor says")
        #expect(try await fetched("r").isEmpty)
    }

    @Test func oneFailureLetsGoOfWhatElseTheRunWanted() async throws {
        store.hold()
        store.fail("b", ObjectStoreError(.notFound, "b is not there"))
        try await stage.running(fetcher()) {
            try await submit("r", "a", "b")
            try await waitFor("ERROR 0", of: "r")
        }
        #expect(store.waiting == 0)
    }

    @Test func aCanceledRunLetsGoOfItsDownload() async throws {
        store.hold()
        try await stage.running(fetcher()) {
            try await submit("r", "a")
            #expect(await eventually { store.waiting == 1 })
            try await stage.send(Command(kind: .cancel), to: "r")
            try await waitFor("CANCELED 0", of: "r")
            #expect(await eventually { store.left == ["a"] })
        }
        #expect(try await fetched("r").isEmpty)
    }

    @Test func aRunThatOthersHaveEndedLetsGoOfItsDownload() async throws {
        store.hold()
        try await stage.running(fetcher()) {
            try await submit("r", "a")
            #expect(await eventually { store.waiting == 1 })
            try await stage.send(
                StatusChanged(status: .timedOut, reason: .fetchTimeout, message: "late", attempt: 0), to: "r")
            #expect(await eventually { store.left == ["a"] })
            store.open()
            try await submit("s", "b")
            try await waitFor("FETCHED 0", of: "s")
        }
        #expect(try await stage.statuses(of: "r") == ["FETCHING 0", "TIMED_OUT 0"])
        #expect(try await fetched("r").isEmpty)
    }

    @Test func aRunCanceledBeforeItCameIsNeverFetched() async throws {
        try await stage.running(fetcher()) {
            try await stage.send(Command(kind: .cancel), to: "r")
            // Its state shows that the command was taken; only then does the run come.
            #expect(
                try await eventually { try await stage.log.committedOffsets(of: "fetcher").isEmpty == false })
            try await submit("r", "a")
            try await waitFor("CANCELED 0", of: "r")
        }
        #expect(store.fetched.isEmpty)
        #expect(try await stage.statuses(of: "r") == ["CANCELED 0"])
    }

    @Test func whatIsDeliveredAgainAndLateChangesNothing() async throws {
        stage.deliverEverythingAgain()
        try await stage.running(fetcher()) {
            for (run, name) in [("r", "a"), ("s", "b"), ("r", "a")] {
                try await submit(run, name)
                try await waitFor("FETCHED 0", of: run)
            }
        }
        for run in ["r", "s"] {
            #expect(try await stage.statuses(of: run) == ["FETCHING 0", "FETCHED 0"])
            #expect(try await fetched(run).count == 1)
        }
    }

    /// Killed between effect and commit at each place where that can happen; then everything goes on as if it had not been.
    @Test(arguments: 1...3) func aKillBetweenEffectAndCommitChangesNothing(point: Int) async throws {
        let store = self.store
        let subject = Crashing(at: point) {
            Fetcher(store: store, output: StructuredLog(service: "test", write: { _ in }))
        }
        try await stage.running(subject) {
            try await submit("r", "a")
            try await waitFor("FETCHED 0", of: "r")
            try await submit("s", "b")
            try await waitFor("FETCHED 0", of: "s")
        }
        for run in ["r", "s"] {
            #expect(try await stage.statuses(of: run) == ["FETCHING 0", "FETCHED 0"])
            #expect(try await fetched(run).count == 1)
        }
        if point == 1 { #expect(subject.hasCrashed) }
    }
}
