import HTTPMessages
import Testing

@testable import HTTPClient

@Suite struct TransferTests {
    private func transfer(_ change: (inout HTTPRequest) -> Void) throws -> Transfer {
        var request = HTTPRequest(.get, "http://localhost/")
        change(&request)
        return try Transfer(request, reach: .anywhere, channel: ResponseChannel(mayPause: true))
    }

    private func fill(_ transfer: Transfer) -> Transfer.Reception {
        let piece = [UInt8](repeating: 0, count: ResponseChannel.highWater)
        return piece.withUnsafeBufferPointer { transfer.receive($0) }
    }

    @Test func aReaderThatLetsItsPeerWaitIsNoIdlenessOfThePeer() throws {
        let transfer = try transfer { $0.idleTimeout = .seconds(1) }
        #expect(transfer.due != nil)
        #expect(fill(transfer) == .taken)
        #expect(transfer.due != nil)
        #expect(fill(transfer) == .pause)
        #expect(transfer.due == nil)
        #expect(try transfer.channel.take().wasPaused)
        #expect(transfer.due != nil)
    }

    @Test func theTotalTimeRunsOnWhileTheReaderLetsItsPeerWait() throws {
        let transfer = try transfer { $0.totalTimeout = .seconds(1) }
        _ = fill(transfer)
        #expect(fill(transfer) == .pause)
        let due = try #require(transfer.due)
        #expect(transfer.timeout(at: due).message == "GET http://localhost/: not done within 1.0 seconds")
    }

    @Test func withoutTimeoutsNothingIsEverDue() throws {
        #expect(try transfer { $0.idleTimeout = nil }.due == nil)
    }

    @Test func theEarlierTimeoutCounts() throws {
        let transfer = try transfer { request in
            request.idleTimeout = .seconds(1)
            request.totalTimeout = .seconds(1000)
        }
        let due = try #require(transfer.due)
        #expect(transfer.timeout(at: due).message == "GET http://localhost/: nothing came within 1.0 seconds")
    }

    @Test func onlyTheFirstEndOfAResponseCounts() {
        let channel = ResponseChannel(mayPause: false)
        #expect(channel.finish(.failure(HTTPClientError(.canceled, "first"))))
        #expect(!channel.finish(.success(())))
        #expect(throws: HTTPClientError(.canceled, "first")) { try channel.response() }
    }
}
