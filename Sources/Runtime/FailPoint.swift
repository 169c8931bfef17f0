internal import Glibc

/// Places in the code where a test makes the process fail, named in the environment:
///
///     BAI_FAILPOINT=executor.after-effect:kill
///     BAI_FAILPOINT=executor.after-effect:kill@3,fetcher.before-commit:pause=2000
///
/// Actions: `kill` (SIGKILL, as a power cut would), `stop` (SIGSTOP: all of the process stands still until somebody sends SIGCONT), `exit=CODE`,
/// `pause=MILLISECONDS` (of one thread), `error`. `@N` is the N-th time the point is passed
/// (default 1); it acts once in a process, and once over all processes that share the folder `BAI_FAILPOINT_ONCE`, so that a service that is started
/// again gets further. Without the variable a point costs one comparison.
package struct FailPoints: Sendable {
    /// A point of this name was told to fail.
    package struct Injected: Error, Equatable, Sendable {
        package var point: String

        package init(point: String) { self.point = point }
    }

    package enum Action: Equatable, Sendable {
        case kill
        case stop
        case exit(Int32)
        case pause(milliseconds: Int)
        case error
    }

    private struct Entry {
        var action: Action
        var remaining: Int
    }

    private let entries: Locked<[String: Entry]>?
    private let onceFolder: String?

    /// No point ever fails.
    package static let none = FailPoints(nil)

    /// What the environment asks for.
    package init(environment: [String: String]) {
        self.init(environment["BAI_FAILPOINT"], onceFolder: environment["BAI_FAILPOINT_ONCE"])
    }

    /// - Parameters:
    ///   - specification: what `BAI_FAILPOINT` holds. A word that cannot be understood is ignored: this is a test's tool.
    ///   - onceFolder: where a point that has acted leaves a mark for other processes.
    package init(_ specification: String?, onceFolder: String? = nil) {
        self.onceFolder = onceFolder
        guard let specification, !specification.isEmpty else {
            entries = nil
            return
        }
        var parsed: [String: Entry] = [:]
        for word in specification.split(separator: ",") {
            let parts = word.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let actionAndCount = parts[1].split(separator: "@", maxSplits: 1)
            guard let first = actionAndCount.first, let action = FailPoints.action(String(first)) else {
                continue
            }
            let count = actionAndCount.count == 2 ? Int(actionAndCount[1]) ?? 1 : 1
            parsed[String(parts[0])] = Entry(action: action, remaining: count)
        }
        entries = Locked(parsed)
    }

    /// Fails here if the environment said so. Throws only for the action `error`.
    package func pass(_ point: @autoclosure () -> String) throws(Injected) {
        guard let entries else { return }
        let name = point()
        let due = entries.withLock { table -> Action? in
            guard var entry = table[name] else { return nil }
            entry.remaining -= 1
            table[name] = entry.remaining > 0 ? entry : nil
            return entry.remaining <= 0 ? entry.action : nil
        }
        guard due == nil || isFirst(name) else { return }
        switch due {
        case nil: return
        case .kill: raise(SIGKILL)
        case .stop: raise(SIGSTOP)
        case .exit(let code): _exit(code)
        case .pause(let milliseconds): poll(nil, 0, Int32(milliseconds))
        case .error: throw Injected(point: name)
        }
    }

    /// Whether no other process has acted at this point; leaves the mark that this one did.
    private func isFirst(_ name: String) -> Bool {
        guard let onceFolder else { return true }
        let mark = open("\(onceFolder)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if mark >= 0 { close(mark) }
        return mark >= 0
    }

    private static func action(_ text: String) -> Action? {
        let parts = text.split(separator: "=", maxSplits: 1)
        switch (parts.first, parts.count == 2 ? Int(parts[1]) : nil) {
        case ("kill", nil): return .kill
        case ("stop", nil): return .stop
        case ("error", nil): return .error
        case ("exit", let code?): return .exit(Int32(truncatingIfNeeded: code))
        case ("pause", let milliseconds?): return .pause(milliseconds: milliseconds)
        default: return nil
        }
    }
}
