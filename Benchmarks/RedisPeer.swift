import FoundationEssentials
import Glibc
import Runtime

/// Redis with a stream, `XADD` by `XADD`, and its append-only file synced before each reply.
struct RedisPeer {
    let server: PeerServer
    private let socket: String

    static func start(in folder: String) async throws -> RedisPeer {
        guard let program = Measuring.find("redis-server") else { throw PeerError("no redis-server here") }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let socket = "\(folder)/redis.sock"
        let server = try PeerServer.start(
            [
                program, "--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "",
                "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0",
            ], signal: "TERM")
        do {
            try await PeerServer.wait(for: "redis-server") { (try? RedisConnection(socket)) != nil }
        } catch {
            await server.stop()
            throw error
        }
        return RedisPeer(server: server, socket: socket)
    }

    /// Publishes from a thread for each publisher, the quickest that a client can be; records a second.
    func publish(_ publishers: Int, _ batch: Int, for duration: Duration) async throws -> Double {
        let connections = try (0..<publishers).map { _ in try RedisConnection(socket) }
        let start = ContinuousClock.now
        let counts = await withTaskGroup(of: Int.self) { group in
            for connection in connections {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        Thread.detach {
                            continuation.resume(
                                returning: connection.publish(batch, until: start + duration))
                        }
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        guard counts.allSatisfy({ $0 > 0 }) else { throw PeerError("redis-server refuses XADD") }
        return Double(counts.reduce(0, +)) / start.duration(to: .now).inSeconds
    }
}

/// One connection, which speaks as much of Redis's protocol as it takes to append: https://redis.io/docs/reference/protocol-spec
private final class RedisConnection: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard descriptor >= 0, path.utf8.count < room else { throw PeerError("no socket at \(path)") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            throw PeerError("nobody listens at \(path)")
        }
    }

    deinit { close(descriptor) }

    /// How many records were acknowledged; 0 when one was refused.
    func publish(_ batch: Int, until end: ContinuousClock.Instant) -> Int {
        let value = String(repeating: "x", count: LogBenchmarks.valueSize)
        let parts = ["XADD", "bench", "*", "run-1", value]
        let command = "*\(parts.count)\r\n" + parts.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
        let request = Array(String(repeating: command, count: batch).utf8)
        var count = 0
        while ContinuousClock.now < end {
            guard send(request), receive(batch) else { return 0 }
            count += batch
        }
        return count
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Reads that many replies: each is a length and an id, a line each. An error is one that begins with a minus.
    private func receive(_ replies: Int) -> Bool {
        var lines = 0
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        while lines < 2 * replies {
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0, bytes[0] != UInt8(ascii: "-") else { return false }
            lines += bytes[..<count].count { $0 == UInt8(ascii: "\n") }
        }
        return true
    }
}
