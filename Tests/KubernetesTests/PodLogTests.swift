import JSON
import Kubernetes
import KubernetesStandIn
import Runtime
import TestSupport
import Testing

@Suite struct PodLogTests {
    /// A pod that runs, with a container `main`.
    private func fixture() throws -> Fixture {
        let fixture = try Fixture()
        var object = pod("p")
        object["metadata"]?["namespace"] = "bai"
        object["spec"]?["nodeName"] = "node"
        try fixture.cluster.store("pods", object)
        return fixture
    }

    private static let start: Int64 = 1_700_000_000_000_000_000

    private func printed(_ fixture: Fixture, _ text: String, at nanoseconds: Int64) {
        fixture.cluster.print(text, pod: "p", in: "bai", container: "main", time: Self.start + nanoseconds)
    }

    @Test func linesComeWithTheirTimes() async throws {
        let fixture = try fixture()
        printed(fixture, "first  of two ", at: 5)
        printed(fixture, "", at: 1_000_000_007)
        var lines: [PodLogLine] = []
        for try await line in try await fixture.client.logs(ofPod: "p", in: "bai") { lines.append(line) }
        #expect(
            lines == [
                PodLogLine(time: "2023-11-14T22:13:20.000000005Z", text: "first  of two "),
                PodLogLine(time: "2023-11-14T22:13:21.000000007Z", text: ""),
            ])
    }

    @Test func onlyWhatCameSinceIsAskedFor() async throws {
        let fixture = try fixture()
        for second in 0..<4 { printed(fixture, "line \(second)", at: Int64(second) * 1_000_000_000) }
        let since = Timestamp(milliseconds: Self.start / 1_000_000 + 2500)
        var lines: [String] = []
        let options = PodLogOptions(since: since)
        for try await line in try await fixture.client.logs(ofPod: "p", in: "bai", options) {
            lines.append(line.text)
        }
        #expect(lines == ["line 2", "line 3"])
    }

    @Test func aFollowerReadsToTheLastLineAcrossBrokenStreams() async throws {
        let fixture = try fixture()
        let lines = Collected<String>()
        let client = fixture.client
        let task = Task {
            var follower = PodLogFollower(
                client, pod: "p", in: "bai", container: "main",
                backoff: Backoff(first: .milliseconds(2), most: .milliseconds(10)))
            try await follower.run { lines.add($0.text) }
        }
        var expected: [String] = []
        for number in 0..<30 {
            // Several of one second, some of one time: what a server sends again after a break.
            printed(fixture, "line \(number)", at: Int64(number / 3) * 400_000_000)
            expected.append("line \(number)")
            guard number % 4 == 0 else { continue }
            let count = expected.count
            let isRead = await eventually { lines.values.count == count }
            #expect(isRead)
            fixture.cluster.breakStreams()
        }
        fixture.cluster.endLog(pod: "p", in: "bai", container: "main")
        try await task.value
        #expect(lines.values == expected)
    }

    @Test func aContainerThatWaitsHasNoLogYet() async throws {
        let fixture = try fixture()
        fixture.cluster.update("pods", "bai", "p") {
            $0["status"] = [
                "containerStatuses": [
                    ["name": "main", "state": ["waiting": ["reason": "ContainerCreating"]]]
                ]
            ]
        }
        let error = await failure { _ = try await fixture.client.logs(ofPod: "p", in: "bai") }
        #expect(error?.code == .badRequest)
        #expect(error?.message.contains("is waiting to start: ContainerCreating") == true)
    }
}
