import AgentService
import Descriptors
import Events
import Glibc
import JSON
import PodContract
import Runtime
import TestSupport
import Testing

/// Pods of a group that wait for each other.
@Suite struct BarrierTests {
    /// A group whose pods are processes on this machine.
    private struct Group {
        let stages: [PodStage]

        init(_ size: Int, timeout: String = "30s") throws {
            let port = try BarrierTests.freePort()
            let barrier: JSONValue = [
                "members": .integer(Int64(size)), "leader": "localhost", "port": .integer(Int64(port)),
                "timeout": .string(timeout),
            ]
            stages = try (0..<size).map { _ in try PodStage(["role": "rank", "barrier": barrier]) }
            for stage in stages { try stage.prepare() }
        }

        func start(_ number: Int, _ task: String = "barrier", _ words: [String] = []) throws
            -> PodStage.Running
        {
            try stages[number].start(task, words, ["BAI_NODE_RANK": "\(number)"])
        }
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw SystemError("find a port") }
        return Int(in_port_t(bigEndian: address.sin_port))
    }

    @Test func allGoOnWhenTheLastHasCome() async throws {
        let group = try Group(3)
        let members = try [2, 1].map { try group.start($0) }
        let leader = try group.start(0)
        for pod in members + [leader] { #expect(try await pod.end() == .code(0)) }
    }

    @Test func aPodThatComesAgainIsCountedOnce() async throws {
        let group = try Group(3)
        let leader = try group.start(0)
        let first = try group.start(1)
        first.signal(SIGKILL)
        _ = try await first.end()
        let again = [try group.start(1), try group.start(1)]
        let third = try group.start(2)
        #expect(try await leader.end() == .code(0))
        #expect(try await third.end() == .code(0))
        // One of the two took the other's place.
        for pod in again {
            pod.signal(SIGTERM)
            _ = try await pod.end()
        }
    }

    @Test func whoIsMissingIsNamedByAll() async throws {
        let group = try Group(4, timeout: "3s")
        let present = try [0, 2].map { try group.start($0) }
        for pod in present { #expect(try await pod.end() == .code(PodReport.ExitCode.infrastructure)) }
        for number in [0, 2] {
            let report = try #require(group.stages[number].report)
            #expect(report.task == .barrier)
            #expect(report.outcome.reason == .readyTimeout)
            #expect(report.outcome.message == "not all of 4 pods came within 3s: missing 1, 3")
        }
    }

    @Test func withoutItsFirstPodAGroupDoesNotBegin() async throws {
        let group = try Group(2, timeout: "500ms")
        #expect(try await group.start(1).end() == .code(PodReport.ExitCode.infrastructure))
        let message = group.stages[1].report?.outcome.message ?? ""
        #expect(message.contains("first pod did not let it go within 500ms: localhost"))
    }

    @Test func theWishToEndEndsTheWait() async throws {
        let group = try Group(2)
        let leader = try group.start(0, "wrap", ["echo", "ran"])
        #expect(await group.stages[0].appears(group.stages[0].folders.begun))
        leader.signal(SIGTERM)
        #expect(try await leader.end() == .code(PodReport.ExitCode.infrastructure))
        #expect(leader.output == "")
        let outcome = group.stages[0].report?.outcome
        #expect(outcome?.status == .error && outcome?.reason == .interrupted)
        #expect(outcome?.failure == .infrastructure, "who takes a pod away wants the attempt made again")
    }

    @Test func commandsStartWhenAllAreThere() async throws {
        let group = try Group(2)
        let sidecars = try [0, 1].map { try group.start($0, "collect") }
        let first = try group.start(0, "wrap", ["echo", "ran"])
        #expect(await group.stages[0].appears(group.stages[0].folders.begun))
        #expect(first.output == "")
        let second = try group.start(1, "wrap", ["echo", "ran"])
        for pod in [first, second] + sidecars { #expect(try await pod.end() == .code(0)) }
        #expect(first.output == "ran\n" && second.output == "ran\n")
        let records = try Records(printed: sidecars[1].output)
        #expect(records.areWhole)
        #expect(records.texts(.agent, rank: 1).first?.hasPrefix("all 2 pods are there after") == true)
    }
}
