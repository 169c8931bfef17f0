import FoundationEssentials
import Glibc
import JSON
import KubernetesStandIn
import Runtime
import TestSupport
import Testing

/// What only attempts in pods can do, or can be done to.
@Suite struct PodTests {
    private func run(_ stack: Stack, _ file: String) async throws -> String {
        String(try await stack.succeed("run", file, "-o", "name").prefix { $0 != "\n" })
    }

    private func pods(_ stack: Stack, phase: String = "Running") -> [JSONValue] {
        (stack.house?.standIn?.objects("pods") ?? []).filter { $0["status"]?["phase"]?.string == phase }
    }

    private func name(_ object: JSONValue) -> String { object["metadata"]?["name"]?.string ?? "" }

    private func expectNothingIsLeft(_ stack: Stack) async {
        let isClear = await eventually(within: .seconds(30)) { stack.house?.leftovers == [] }
        #expect(isClear, "\(stack.house?.leftovers ?? [])")
    }

    @Test(arguments: AttemptPlace.standIn) func aGroupStartsTogetherAndEachRankKnowsItsPlace(
        on place: AttemptPlace
    ) async throws {
        try await Stack.with(attempts: place, nodes: 2) { stack in
            let file = try stack.descriptor(
                "group",
                script: "bai-emit rank=$RANK world=$WORLD_SIZE; echo rank $RANK; getent hosts $MASTER_ADDR",
                extra: """
                    [[output.metrics]]
                    name = "rank"
                    units = ""
                    [[output.metrics]]
                    name = "world"
                    units = ""
                    """, hardware: "strategy = \"distributed\"\ndistributed = {num_instances = 2}")
            let run = try await stack.baictl("run", file, "--wait", deadline: .seconds(90))
            #expect(run.exit == .code(0), "\(run.standardError)")
            let detail = try await stack.json("get", "benchmark", "latest")
            #expect(detail["summary"]?["status"] == "SUCCEEDED", "\(detail)")
            let samples = detail["results"]?.array?.first { $0["series"]?["metric"] == "world" }?["samples"]
            #expect(samples?.array?.allSatisfy { $0 == 2 } == true, "\(String(describing: samples))")
            let logs = try await stack.succeed("logs", "latest")
            #expect(logs.contains("rank 0") && logs.contains("rank 1"), "\(logs)")
            await expectNothingIsLeft(stack)
        }
    }

    @Test(arguments: AttemptPlace.standIn) func aClientMeasuresAServerWhichEndsWithIt(
        on place: AttemptPlace
    ) async throws {
        try await Stack.with(attempts: place, nodes: 2) { stack in
            let port = UInt16.random(in: 20_000...29_000)
            let file = try stack.descriptor(
                "inference",
                script:
                    "python3 -c 'import os, urllib.request as r; r.urlopen(os.environ[chr(85)+chr(82)+chr(76)]).read()' && bai-emit answered=1",
                extra: """
                    [env.vars]
                    URL = "http://$(INFERENCE_SERVER_HOST):$(INFERENCE_SERVER_PORT)/"
                    [[output.metrics]]
                    name = "answered"
                    units = ""
                    [server.hardware]
                    instance_type = "local"
                    [server.env]
                    docker_image = "\(PodHouse.image)"
                    ports = [\(port)]
                    start_command = "python3 -m http.server \(port)"
                    [server.env.readiness_probe]
                    path = "/"
                    period_seconds = 1
                    """, hardware: "strategy = \"inference\"")
            let run = try await stack.baictl("run", file, "--wait", deadline: .seconds(90))
            #expect(run.exit == .code(0), "\(run.standardError)")
            await expectNothingIsLeft(stack)
        }
    }

    @Test(arguments: AttemptPlace.standIn) func aSidecarThatIsKilledLosesNothingAndRepeatsNothing(
        on place: AttemptPlace
    ) async throws {
        try await Stack.with(attempts: place) { stack in
            let gate = stack.folder.file("gate")
            let file = try stack.descriptor(
                "killed",
                script:
                    "bai-emit value=1; echo before; while [ ! -e \(gate) ]; do sleep 0.05; done; bai-emit value=2; echo after",
                extra: "[[output.metrics]]\nname = \"value\"\nunits = \"\"")
            let run = try await run(stack, file)
            let isUp = try await eventually(within: .seconds(60)) {
                try await stack.succeed("logs", run).contains("before")
            }
            #expect(isUp)
            let pod = try #require(pods(stack).first)
            #expect(
                stack.house?.kubelet?.signal(
                    SIGKILL, container: "collect", pod: name(pod),
                    in: pod["metadata"]?["namespace"]?.string ?? "") == true)
            try Data().write(to: URL(filePath: gate))
            #expect(try await stack.baictl("watch", run, deadline: .seconds(60)).exit == .code(0))
            #expect(try await stack.json("metrics", run, "--points").array?.count == 2)
            let logs = try await stack.succeed("logs", run)
            #expect(
                logs.split(separator: "\n").filter { $0.hasSuffix("before") || $0.hasSuffix("after") }.count
                    == 2)
            await expectNothingIsLeft(stack)
        }
    }

    @Test(arguments: AttemptPlace.standIn) func aLostNodeCostsTheAttemptAndTheNextOneIsMadeElsewhere(
        on place: AttemptPlace
    ) async throws {
        try await Stack.with(attempts: place, nodes: 2) { stack in
            let gate = stack.folder.file("gate")
            let file = try stack.descriptor(
                "lost", script: "while [ ! -e \(gate) ]; do sleep 0.05; done; bai-emit value=1",
                extra: "[run]\nretries = 1\n[[output.metrics]]\nname = \"value\"\nunits = \"\"")
            let run = try await run(stack, file)
            let isUp = await eventually(within: .seconds(60)) { !pods(stack).isEmpty }
            #expect(isUp)
            let pod = try #require(pods(stack).first)
            stack.house?.kubelet?.loseNode(pod["spec"]?["nodeName"]?.string ?? "")
            stack.house?.standIn?.step(
                .loseNode, pod: name(pod), in: pod["metadata"]?["namespace"]?.string ?? "")
            try Data().write(to: URL(filePath: gate))
            let watch = try await stack.baictl("watch", run, deadline: .seconds(90))
            #expect(watch.exit == .code(0), "\(watch.standardError)")
            let attempts = try await stack.json("get", "benchmark", run)["attempts"]?.array
            #expect(attempts?.count == 2)
        }
    }

    @Test(arguments: AttemptPlace.standIn) func whatAttemptsDoWhileTheServicesAreDownIsThereAfterwards(
        on place: AttemptPlace
    ) async throws {
        try await Stack.with(attempts: place) { stack in
            let (gate, done) = (stack.folder.file("gate"), stack.folder.file("done"))
            let file = try stack.descriptor(
                "alone",
                script:
                    "bai-emit value=1; while [ ! -e \(gate) ]; do sleep 0.05; done; bai-emit value=2; echo while they were down; touch \(done)",
                extra: "[[output.metrics]]\nname = \"value\"\nunits = \"\"")
            let run = try await run(stack, file)
            let isUp = try await eventually(within: .seconds(60)) {
                try await stack.json("metrics", run, "--points").array?.count == 1
            }
            #expect(isUp)
            try await stack.succeed("down")
            try Data().write(to: URL(filePath: gate))
            let isDone = await eventually { FileManager.default.fileExists(atPath: done) }
            #expect(isDone)
            try await stack.succeed("up")
            #expect(try await stack.baictl("watch", run, deadline: .seconds(90)).exit == .code(0))
            #expect(try await stack.json("metrics", run, "--points").array?.count == 2)
            #expect(try await stack.succeed("logs", run).contains("while they were down"))
            #expect(try await stack.json("get", "benchmark", run)["attempts"]?.array?.count == 1)
            await expectNothingIsLeft(stack)
        }
    }

    @Test(arguments: AttemptPlace.standIn) func anImageThatIsNotThereIsWaitedForAndThenNamed(
        on place: AttemptPlace
    ) async throws {
        try await Stack.with(attempts: place) { stack in
            let file = try stack.descriptor(
                "missing", script: "true", extra: "[run]\nready_timeout = \"3s\"", image: "missing:1")
            let run = try await stack.baictl("run", file, "--wait", deadline: .seconds(90))
            #expect(run.exit == .code(8), "\(run.standardError)")
            let detail = try await stack.json("get", "benchmark", "latest")
            #expect("\(detail)".contains("ImagePullBackOff"), "\(detail)")
            await expectNothingIsLeft(stack)
        }
    }
}
