import Testing

@testable import HTTPServer

@Suite struct ExchangeStateTests {
    private func receive(_ bytes: [UInt8], _ state: inout ExchangeState) -> Bool {
        bytes.withUnsafeBufferPointer { state.receive($0, limit: 10) }
    }

    private func read(_ state: inout ExchangeState, most: Int = 100) -> (StreamBuffer.Piece, [UInt8]) {
        var bytes = [UInt8](repeating: 0, count: most)
        let piece = bytes.withUnsafeMutableBytes { state.read(into: $0) }
        if case .bytes(let count) = piece { return (piece, Array(bytes[..<count])) }
        return (piece, [])
    }

    private func change(_ state: inout ExchangeState, _ body: (inout StreamBuffer) -> Void) -> Bool {
        state.changeStream(body)
    }

    private func status(_ next: ExchangeState.Next) -> Int? {
        if case .answer(let response) = next { response.status } else { nil }
    }

    /// A state whose handler is at work.
    private func handling() -> ExchangeState {
        var state = ExchangeState()
        _ = state.endRequest()
        return state
    }

    /// A state whose stream has begun.
    private func sending() -> ExchangeState {
        var state = handling()
        _ = state.answer(.events { _ in })
        _ = state.takeAnswer()
        return state
    }

    @Test func aWholeRequestGoesToItsHandlerWithItsBody() {
        var state = ExchangeState()
        #expect(receive([1, 2], &state))
        #expect(receive([3], &state))
        guard case .handle(let body, _) = state.endRequest() else { return #expect(Bool(false)) }
        #expect(body == [1, 2, 3])
        #expect(state.isHandling)
        #expect(state.isSuspended)
    }

    @Test func aBodyBeyondTheLimitIsReadOnForAWhileAndRefused() {
        var state = ExchangeState()
        #expect(receive([UInt8](repeating: 0, count: 11), &state))
        // What is small again is part of the same body.
        #expect(receive([1], &state))
        #expect(status(state.endRequest()) == 413)
        #expect(!state.isSuspended)
    }

    @Test func aBodyFarBeyondTheLimitIsNotReadToItsEnd() {
        var state = ExchangeState()
        let piece = [UInt8](repeating: 0, count: ExchangeState.mostDiscarded / 4)
        for _ in 0..<4 { #expect(receive(piece, &state)) }
        #expect(!receive([1], &state))
    }

    @Test func theFirstRefusalCounts() {
        var state = ExchangeState()
        state.refuse(.text("", status: 400))
        state.refuse(.text("", status: 501))
        #expect(status(state.endRequest()) == 400)
    }

    @Test func anAnswerResumesOnceAndIsTakenOnce() {
        var state = handling()
        #expect(state.takeAnswer() == nil)
        #expect(state.answer(.text("a")) == true)
        #expect(state.answer(.text("b")) == false)
        #expect(state.takeAnswer() != nil)
        #expect(state.takeAnswer() == nil)
    }

    @Test func aRequestAskedForTwiceIsHandledOnce() {
        var state = handling()
        #expect(status(state.endRequest()) == 503)
    }

    @Test func whatIsAbortedBeforeItIsWholeNeverReachesAHandler() {
        var state = ExchangeState()
        #expect(state.abort(.stopping) == false)
        #expect(status(state.endRequest()) == 503)
    }

    @Test func abortingAHandlerAnswersInItsPlaceAndOnce() {
        var state = handling()
        #expect(state.abort(.timedOut) == true)
        #expect(state.abort(.stopping) == false)
        #expect(state.answer(.text("too late")) == false)
        #expect(state.takeAnswer()?.status == 503)
    }

    @Test func anAnswerThatIsThereSurvivesAnAbort() {
        var state = handling()
        #expect(state.answer(.text("a", status: 201)) == true)
        #expect(state.abort(.stopping) == false)
        #expect(state.takeAnswer()?.status == 201)
    }

    @Test func aStreamWithNothingToSendIsSuspendedAndResumedByAWrite() {
        var state = sending()
        #expect(read(&state).0 == .nothing)
        #expect(state.isSuspended)
        #expect(change(&state) { $0.write([1, 2, 3]) })
        #expect(!change(&state) { $0.write([4]) })
        #expect(read(&state, most: 3).1 == [1, 2, 3])
        #expect(read(&state, most: 3).1 == [4])
        #expect(read(&state).0 == .nothing)
    }

    @Test func writingNothingResumesNothing() {
        var state = sending()
        _ = read(&state)
        #expect(!change(&state) { $0.write([]) })
        #expect(state.isSuspended)
    }

    @Test func whatIsWrittenBeforeTheHeadIsTakenWaitsForIt() {
        var state = handling()
        #expect(state.answer(.events { _ in }) == true)
        #expect(!change(&state) { $0.write([1]) })
        _ = state.takeAnswer()
        #expect(read(&state).1 == [1])
    }

    @Test(arguments: [true, false])
    func theEndComesAfterWhatWasWritten(isWhole: Bool) {
        var state = sending()
        _ = change(&state, { $0.write([1]) })
        _ = change(&state, { $0.end(isWhole: isWhole) })
        #expect(read(&state).1 == [1])
        #expect(read(&state).0 == .end(isWhole: isWhole))
        #expect(!state.isSuspended)
    }

    @Test func theFirstEndOfAStreamCounts() {
        var state = sending()
        _ = read(&state)
        #expect(state.abort(.stopping) == true)
        #expect(!change(&state) { $0.end(isWhole: true) })
        #expect(read(&state).0 == .end(isWhole: false))
    }

    @Test func aClosedExchangeTakesNoAnswer() {
        var state = handling()
        state.close()
        #expect(state.answer(.text("a")) == false)
        #expect(state.stream.hasEnded)
    }

    @Test func aStreamIsFullAboveItsHighWaterAndEmptiesInOrder() {
        var buffer = StreamBuffer()
        buffer.write([UInt8](repeating: 1, count: StreamBuffer.highWater))
        #expect(!buffer.isFull)
        buffer.write([2])
        #expect(buffer.isFull)
        var bytes = [UInt8](repeating: 0, count: StreamBuffer.highWater)
        let first = bytes.withUnsafeMutableBytes { buffer.read(into: $0) }
        #expect(first == .bytes(StreamBuffer.highWater))
        #expect(!buffer.isFull)
        #expect(!buffer.isQuiet)
        let second = bytes.withUnsafeMutableBytes { buffer.read(into: $0) }
        #expect(second == .bytes(1))
        #expect(bytes[0] == 2)
        #expect(buffer.isQuiet)
    }
}
