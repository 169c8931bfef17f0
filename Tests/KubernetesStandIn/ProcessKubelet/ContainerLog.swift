import JSON
import Runtime

/// What one start of a container prints, as lines of the stand-in's log.
final class ContainerLog: Sendable {
    private let cluster: KubernetesStandIn
    private let key: String
    private let restart: Int
    private let rest = Locked<[UInt8]>([])

    init(_ cluster: KubernetesStandIn, _ key: String, restart: Int) {
        self.cluster = cluster
        self.key = key
        self.restart = restart
        cluster.changeLog(key) { state in
            if let last = state.logs[key] { state.previousLogs[key] = last }
            state.logs[key] = PodLog(restart: restart)
        }
    }

    func append(_ bytes: ArraySlice<UInt8>) {
        let lines = rest.withLock { rest -> [String] in
            rest += bytes
            guard let end = rest.lastIndex(of: 10) else { return [] }
            let lines = rest[..<end].split(separator: 10, omittingEmptySubsequences: false)
            rest = Array(rest[(end + 1)...])
            return lines.map { String(decoding: $0, as: UTF8.self) }
        }
        write(lines)
    }

    /// The container has ended: a last line without an end is a line, too.
    func end() {
        let last = rest.withLock { rest in
            defer { rest = [] }
            return rest
        }
        if !last.isEmpty { write([String(decoding: last, as: UTF8.self)]) }
        cluster.changeLog(key) { $0.logs[self.key]?.isOpen = false }
    }

    private func write(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        let now = WallClock.now
        cluster.changeLog(key) { state in
            state.logs[self.key]?.lines += lines.map { PodLog.Line(time: now, text: $0) }
        }
    }

    /// As `FallbackToLogsOnError` has it: 80 lines, two kibibytes.
    var lastWords: String {
        let lines = cluster.state.withLock { $0.logs[key]?.lines.suffix(80).map(\.text) ?? [] }
        return String(
            decoding: (lines.joined(separator: "\n") + (lines.isEmpty ? "" : "\n")).utf8.suffix(2048),
            as: UTF8.self)
    }
}

extension KubernetesStandIn {
    /// Changes a log, and rings whoever follows it.
    func changeLog(_ key: String, _ body: (inout StandInState) -> Void) {
        state.withLock { state in
            body(&state)
            for bell in state.bells.values { bell.yield() }
        }
    }
}
