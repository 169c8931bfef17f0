import Runtime

/// Values that come from anywhere, in order.
final class Collected<Value: Sendable>: Sendable {
    private let list = Locked<[Value]>([])

    var values: [Value] { list.withLock { $0 } }
    func add(_ value: Value) { list.withLock { $0.append(value) } }
}
