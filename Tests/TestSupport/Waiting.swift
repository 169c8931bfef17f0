/// Does nothing until the task is cancelled; for work that would never end by itself.
package func untilCancelled() async {
    let (never, continuation) = AsyncStream.makeStream(of: Void.self)
    for await _ in never {}
    // The stream ends with its continuation, so that one has to live until here.
    continuation.finish()
}

/// Waits until `number` is above `least` and has been the same for `quiet`; false when that takes longer than `deadline`.
package func settles(
    above least: Int = 0, for quiet: Duration = .milliseconds(200), within deadline: Duration = .seconds(20),
    _ number: () -> Int
) async -> Bool {
    var last = number()
    var since = ContinuousClock.now
    return await eventually(within: deadline) {
        let now = number()
        if now != last { (last, since) = (now, .now) }
        return now > least && ContinuousClock.now - since >= quiet
    }
}
