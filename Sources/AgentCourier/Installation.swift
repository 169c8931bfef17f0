internal import AgentService
internal import Glibc
internal import HTTPClient
internal import HTTPMessages
internal import Runtime

/// The installation that a pod belongs to, as the pod reaches it.
struct Installation: Sendable {
    let client = HTTPClient()
    let time: any TimeSource
    let folders: PodFolders
    let log: StructuredLog
    private let token: String?

    init(_ host: PodHost) {
        (time, folders, log) = (host.time, host.folders, host.log)
        token = SystemFile.text(host.folders.token)
    }

    /// A request to `path` below `server`, with the run's token.
    func request(_ method: HTTPMethod, _ server: String, _ path: String) -> HTTPRequest {
        let base = server.hasSuffix("/") ? String(server.dropLast()) : server
        var request = HTTPRequest(method, base + path)
        if let token, !token.isEmpty { request.headers["Authorization"] = "Bearer \(token)" }
        request.headers["User-Agent"] = "bai-agent/\(Version.current)"
        return request
    }
}

/// Has the program's first thread wait for what is done elsewhere.
enum FirstThread {
    /// The result of `body`, which runs on the shared pool.
    static func wait<Result: Sendable>(for body: @escaping @Sendable () async -> Result) -> Result {
        let result = Locked<Result?>(nil)
        let bell = Bell()
        // Its end is what this thread waits for.
        Task {
            let value = await body()
            result.withLock { $0 = value }
            bell.ring()
        }
        while true {
            if let value = result.withLock({ $0 }) { return value }
            var wanted = pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)
            poll(&wanted, 1, -1)
        }
    }
}
