internal import Access
internal import Glibc
internal import Runtime

/// The file with the users' tokens, read again when it has changed: who gets a token, or loses it, need not wait for a restart.
final class UserTokenFile: Sendable {
    /// How often the file is looked at, and how soon again for a token that nobody has: it may have been made a moment ago.
    private static let pause = Duration.seconds(1)
    private static let shortPause = Duration.milliseconds(50)
    /// More is no list of tokens but another file.
    private static let mostBytes = 1 << 20

    /// By what a change of the file shows.
    private struct Stamp: Equatable {
        var inode: ino_t
        var size: off_t
        var seconds: Int
        var nanoseconds: Int
    }

    private struct State {
        var tokens = UserTokens()
        var stamp: Stamp?
        var looked: ContinuousClock.Instant?
    }

    private let path: String?
    private let output: StructuredLog
    private let state = Locked(State())

    /// - Parameter path: nil where no user is let in.
    init(path: String?, output: StructuredLog) {
        self.path = path
        self.output = output
    }

    /// Whose token it is; nil when it is nobody's.
    func user(of token: String) -> String? {
        if let user = tokens(after: UserTokenFile.pause).user(of: token) { return user }
        return tokens(after: UserTokenFile.shortPause).user(of: token)
    }

    /// The tokens, looked at again when the last look is longer ago than `pause`.
    private func tokens(after pause: Duration) -> UserTokens {
        state.withLock { state in
            let now = ContinuousClock.now
            if let looked = state.looked, now - looked < pause { return state.tokens }
            state.looked = now
            look(&state)
            return state.tokens
        }
    }

    private func look(_ state: inout State) {
        guard let path else { return }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            // No file, no users. One that cannot be read lets nobody in either.
            if state.stamp != nil { output.warning("the users' tokens are gone", ["file": path]) }
            (state.tokens, state.stamp) = (UserTokens(), nil)
            return
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return }
        let stamp = Stamp(
            inode: status.st_ino, size: status.st_size, seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec)
        if stamp == state.stamp { return }
        state.stamp = stamp
        read(descriptor, path, &state)
    }

    private func read(_ descriptor: Int32, _ path: String, _ state: inout State) {
        var bytes = [UInt8](repeating: 0, count: UserTokenFile.mostBytes + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard (0...UserTokenFile.mostBytes).contains(count) else {
            return output.warning("the users' tokens cannot be read, and stay as they were", ["file": path])
        }
        do throws(UserTokensError) {
            state.tokens = try UserTokens(reading: String(decoding: bytes[..<count], as: UTF8.self))
            output.info("users' tokens read", ["file": path, "count": "\(state.tokens.count)"])
        } catch {
            // Half a file that somebody is writing, or a slip: those who had a token before still have it.
            output.warning(
                "the users' tokens stay as they were: a line is not NAME DIGEST",
                ["file": path, "line": "\(error.line)"])
        }
    }
}
