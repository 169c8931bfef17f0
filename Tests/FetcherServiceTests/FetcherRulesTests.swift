import Descriptors
import Events
import JSON
import ObjectStore
import Runtime
import ServiceLoop
import TestSupport
import Testing

@testable import FetcherService

/// The rules, state by state and input by input.
@Suite struct FetcherRulesTests {
    static let now = Timestamp(milliseconds: 1_700_000_100_000)
    static let rules = FetcherRules()
    static let memory = now + FetcherRules.memory
    static let run = RunSubmitted.sample(sources: [.init(src: "a.csv", path: "/a")], directory: "/home/ann")
    static let content = FetchedContent(
        role: .dataset, id: "0", source: "a.csv", path: "/a", kind: .file, sha256: "ab", size: 3)

    static func decide(
        _ input: Input<FetcherSignal>, _ state: FetcherState?, now: Timestamp = now
    ) throws -> FetcherRules.Outcome {
        try rules.decide(input, state: state, now: now)
    }

    static func event(_ payload: some EventPayload) throws -> Input<FetcherSignal> {
        .event(try .sample(payload))
    }

    static let states: [(String, FetcherState?)] = [
        ("unknown", nil),
        ("fetching", .fetching(run)),
        ("canceled", .canceled(until: memory)),
        ("done", .done(until: memory)),
    ]

    static func inputs() throws -> [(String, Input<FetcherSignal>)] {
        [
            ("run", try event(run)),
            ("run without sources", try event(RunSubmitted.sample())),
            ("cancel", try event(Command(kind: .cancel))),
            ("kill", try event(Command(kind: .cancel, isGraceful: false))),
            ("delete", try event(Command(kind: .delete))),
            ("own status", try event(StatusChanged(status: .fetching, message: "fetching", attempt: 0))),
            ("own end", try event(StatusChanged(status: .fetched, message: "fetched", attempt: 0))),
            ("later status", try event(StatusChanged(status: .running, message: "runs", attempt: 1))),
            ("final status", try event(StatusChanged(status: .timedOut, message: "late", attempt: 0))),
            ("other news", try event(RunCollected(metricCount: 1, logCount: 1, resultCount: 1))),
            ("fetched", .signal(.fetched([content]))),
            ("failed", .signal(.failed(Reason("NotFound"), "a.csv: No such file"))),
            ("restored", .restored),
            ("wake", .wake),
        ]
    }

    /// What the fetcher decides: the new state; effects; events. What is not here changes nothing.
    static let table = """
        unknown + run = fetching; fetch; FETCHING
        unknown + run without sources = done; FETCHING, FETCHED, 0 contents
        unknown + cancel = canceled
        unknown + kill = canceled
        unknown + final status = done
        fetching + cancel = done; let go; CANCELED CanceledByUser
        fetching + kill = done; let go; CANCELED CanceledByUser
        fetching + final status = done; let go
        fetching + fetched = done; FETCHED, 1 contents
        fetching + failed = done; ERROR NotFound
        fetching + restored = fetching; fetch
        canceled + run = done; CANCELED CanceledByUser
        canceled + run without sources = done; CANCELED CanceledByUser
        canceled + final status = done
        """

    @Test func everyStateMeetsEveryInput() throws {
        var lines: [String] = []
        for (stateName, state) in Self.states {
            for (inputName, input) in try Self.inputs() {
                let outcome = try Self.decide(input, state)
                let isChanged = outcome.state != state || !outcome.effects.isEmpty || !outcome.events.isEmpty
                if isChanged { lines.append("\(stateName) + \(inputName) = \(outcome.summary)") }
                let isMemory = outcome.state.isMemory
                #expect((outcome.wake == Self.memory) == isMemory, "what is only remembered is forgotten")
            }
        }
        #expect(lines == Self.table.split(separator: "\n").map(String.init))
    }

    @Test(arguments: [FetcherState.canceled(until: memory), .done(until: memory)])
    func whatIsOnlyRememberedIsForgottenInItsTime(state: FetcherState) throws {
        let early = try Self.decide(.wake, state, now: Self.memory + .milliseconds(-1))
        #expect(early.state == state && early.wake == Self.memory)
        let due = try Self.decide(.wake, state, now: Self.memory)
        #expect(due.state == nil && due.wake == nil && due.effects.isEmpty && due.events.isEmpty)
    }

    @Test func aRestartDoesNotProlongTheMemory() throws {
        let later = try Self.decide(.restored, .done(until: Self.memory), now: Self.now + .seconds(3600))
        #expect(later.state == .done(until: Self.memory) && later.wake == Self.memory)
    }

    @Test func theRunAndWhatItNeedsGoOnToTheExecutorWhole() throws {
        let outcome = try Self.decide(.signal(.fetched([Self.content])), .fetching(Self.run))
        let fetched = try #require(outcome.events.last?.payload as? RunFetched)
        #expect(fetched == RunFetched(run: Self.run, contents: [Self.content]))
    }

    @Test func aFailureTellsTheUserWhatTheStoreSaid() throws {
        let failure = Input<FetcherSignal>.signal(.failed(Reason("DigestMismatch"), "its md5 is another"))
        let change = try #require(
            try Self.decide(failure, .fetching(Self.run)).events.first?.payload as? StatusChanged)
        #expect(change.message == "its md5 is another")
        #expect(change.name == "hello")
    }

    @Test func theStatusSaysHowMuchIsFetched() throws {
        let data = Descriptor.DataSource(src: "https://example.org/a", path: "/a")
        for (count, message) in [
            (0, "nothing to fetch"), (1, "fetching 1 source"), (3, "fetching 3 sources"),
        ] {
            let run = RunSubmitted.sample(sources: Array(repeating: data, count: count))
            let change = try #require(
                try Self.decide(try Self.event(run), nil).events.first?.payload as? StatusChanged)
            #expect(change.message == message)
        }
    }

    @Test func anEventThatIsNoRunIsSaidToBeBroken() throws {
        var broken = try Event.sample(Self.run)
        broken.payload = .object([:])
        #expect(throws: (any Error).self) { try Self.decide(.event(broken), nil) }
    }

    @Test(arguments: states.compactMap(\.1)) func theStateSurvivesTheLog(state: FetcherState) throws {
        #expect(try JSONCoding.decode(FetcherState.self, from: JSONCoding.encode(state)) == state)
    }
}

extension FetcherRules.Outcome {
    /// State, effects and events in a few words.
    fileprivate var summary: String {
        let effects = effects.map { $0 == .letGo ? "let go" : "fetch" }
        let events = events.map { event -> String in
            switch event.payload {
            case let change as StatusChanged:
                change.status.rawValue + (change.reason.map { " \($0.rawValue)" } ?? "")
            case let fetched as RunFetched: "\(fetched.contents.count) contents"
            default: "?"
            }
        }
        return [state.summary, effects.joined(separator: ", "), events.joined(separator: ", ")]
            .filter { !$0.isEmpty }.joined(separator: "; ")
    }
}

extension FetcherState? {
    fileprivate var summary: String {
        switch self {
        case nil: "unknown"
        case .fetching: "fetching"
        case .canceled: "canceled"
        case .done: "done"
        }
    }

    fileprivate var isMemory: Bool { summary == "canceled" || summary == "done" }
}
