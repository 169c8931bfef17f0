import Glibc
import HTTPClient
import HTTPMessages
import HTTPServer
import Runtime
import TestSupport
import Testing

@Suite struct StopTests {
    @Test(arguments: Transport.allCases)
    func aRequestUnderWayGetsItsAnswerAndNewOnesAreRefused(transport: Transport) async throws {
        let (begun, goOn) = (Locked(false), Locked(false))
        let fixture = try ServerFixture(transport) { _ in
            begun.withLock { $0 = true }
            #expect(await eventually { goOn.withLock { $0 } })
            return .text("fine")
        }
        async let response = fixture.get("/")
        #expect(await eventually { begun.withLock { $0 } })
        async let stopped: Void = fixture.server.stop()
        let isRefused = await eventually {
            do {
                _ = try fixture.connect()
                return false
            } catch {
                return true
            }
        }
        #expect(isRefused)
        goOn.withLock { $0 = true }
        #expect(try await response.text == "fine")
        await stopped
    }

    @Test func aHandlerThatDoesNotEndIsGivenUp() async throws {
        let (begun, goOn) = (Locked(false), Locked(false))
        let fixture = try ServerFixture { _ in
            begun.withLock { $0 = true }
            // It does not listen to its cancellation.
            while !goOn.withLock({ $0 }) { await Task.yield() }
            return .text("too late")
        }
        let task = Task { try await fixture.get("/") }
        #expect(await eventually { begun.withLock { $0 } })
        await fixture.server.stop(within: .milliseconds(50))
        let response = try await task.value
        #expect(response.status == 503)
        #expect(response.text.contains("stopping"))
        goOn.withLock { $0 = true }
    }

    @Test func aStreamIsCancelledAndSeenToBeCutShort() async throws {
        let ended = Locked(false)
        let fixture = try ServerFixture { _ in
            .events { writer in
                try await writer.write("data: hello\n\n")
                defer { ended.withLock { $0 = true } }
                await untilCancelled()
                throw CancellationError()
            }
        }
        let stream = try await fixture.client.stream(fixture.request(.get, "/"))
        var iterator = stream.body.makeAsyncIterator()
        #expect(try await iterator.next() == Array("data: hello\n\n".utf8))
        let time = await ContinuousClock().measure {
            await fixture.server.stop(within: .seconds(60), streamsWithin: .milliseconds(50))
        }
        #expect(time < .seconds(30))
        #expect(await eventually { ended.withLock { $0 } })
        let error = await #expect(throws: HTTPClientError.self) { _ = try await iterator.next() }
        #expect(error?.code == .peerClosed)
    }

    @Test func aStreamThatEndsInTimeIsWhole() async throws {
        let (begun, isStopping) = (Locked(false), Locked(false))
        let fixture = try ServerFixture { _ in
            .stream(type: "text/plain") { writer in
                try await writer.write("first ")
                begun.withLock { $0 = true }
                #expect(await eventually { isStopping.withLock { $0 } })
                try await writer.write("second")
            }
        }
        async let response = fixture.get("/")
        #expect(await eventually { begun.withLock { $0 } })
        async let stopped: Void = fixture.server.stop(within: .seconds(20), streamsWithin: .seconds(20))
        #expect(await eventually { (try? fixture.connect()) == nil })
        isStopping.withLock { $0 = true }
        await stopped
        #expect(try await response.text == "first second")
    }

    @Test func stoppingTwiceIsStoppingOnce() async throws {
        let fixture = try ServerFixture { _ in .text("fine") }
        #expect(try await fixture.get("/").text == "fine")
        async let first: Void = fixture.server.stop()
        async let second: Void = fixture.server.stop()
        _ = await (first, second)
        await fixture.server.stop()
    }

    @Test func stoppingUnderLoadAnswersOrRefusesEveryRequest() async throws {
        for _ in 0..<5 {
            let served = Locked(0)
            let fixture = try ServerFixture(.tcp) { request in
                served.withLock { $0 += 1 }
                return request.segments == ["s"]
                    ? .events { writer in while true { try await writer.write("data: x\n\n") } }
                    : .text("fine")
            }
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        do {
                            while true { _ = try await fixture.get(number % 5 == 0 ? "/s" : "/") }
                        } catch {}
                    }
                }
                group.addTask {
                    #expect(await eventually { served.withLock { $0 } > 50 })
                    await fixture.server.stop(within: .milliseconds(100), streamsWithin: .milliseconds(20))
                }
            }
        }
    }

    @Test func aServerThatNobodyStoppedLetsGoOfItsPort() async throws {
        func serveOnce() async throws -> ServerAddress {
            let server = try HTTPServer.start(at: .tcp(host: "127.0.0.1", port: 0)) { _ in .text("fine") }
            return server.address
        }
        let address = try await serveOnce()
        let isFree = await eventually {
            guard let server = try? HTTPServer.start(at: address, handler: { _ in .text("again") }) else {
                return false
            }
            await server.stop()
            return true
        }
        #expect(isFree)
    }

    @Test(arguments: Transport.allCases)
    func aChildThatLivesOnKeepsNoConnectionOpen(transport: Transport) async throws {
        let fixture = try ServerFixture(transport) { _ in .text("fine") }
        let connection = try fixture.connect()
        await connection.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(await connection.read(until: "fine").hasSuffix("fine"))
        let child = try ChildProcess.start(.init(program: "/bin/sleep", arguments: ["60"], environment: [:]))
        await fixture.server.stop()
        #expect(await connection.waitForEnd())
        #expect(throws: SystemError.self) { try fixture.connect() }
        kill(child.processID, SIGKILL)
        _ = try await child.wait()
    }

    @Test func runningEndsWithItsTask() async throws {
        let ended = Locked(false)
        let fixture = try ServerFixture { _ in .text("fine") }
        let task = Task {
            await fixture.server.run()
            ended.withLock { $0 = true }
        }
        #expect(try await fixture.get("/").text == "fine")
        #expect(!ended.withLock { $0 })
        task.cancel()
        await task.value
        await #expect(throws: HTTPClientError.self) { try await fixture.get("/") }
    }
}
