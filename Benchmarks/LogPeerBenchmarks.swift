import Glibc
import MessageLog
import Runtime
import SQLiteLog

/// The log beside what one would use instead: a stream of Redis and a table of PostgreSQL, with the same values on the same disk, each acknowledging
/// only what is synced.
enum LogPeerBenchmarks {
    private static let rounds = 3
    private static let round = Duration.milliseconds(500)

    /// A way to publish: publishers, records that each publishes at once, seconds; gives records a second.
    private typealias Publishing = (_ publishers: Int, _ batch: Int) async throws -> Double

    static func run() async throws {
        try await LogBenchmarks.withLog("peers") { log, folder in
            let redis = try await starting("Redis") { try await RedisPeer.start(in: "\(folder)/redis") }
            let postgres = try await starting("PostgreSQL") {
                try await PostgresPeer.start(in: "\(folder)/postgres")
            }
            var ways: [(String, Publishing)] = [
                (
                    "log",
                    { try await LogBenchmarks.publish(log, publishers: $0, batch: $1, for: round).records }
                )
            ]
            if let redis { ways.append(("Redis", { try await redis.publish($0, $1, for: round) })) }
            if let postgres { ways.append(("PostgreSQL", { try await postgres.publish($0, $1) })) }
            do { try await compare(ways) } catch {
                await redis?.server.stop()
                await postgres?.server.stop()
                throw error
            }
            await redis?.server.stop()
            await postgres?.server.stop()
        }
    }

    /// Nil where it is not installed or does not start: the report says so and goes on.
    private static func starting<Peer>(_ name: String, _ start: () async throws -> Peer) async throws -> Peer?
    {
        do { return try await start() } catch {
            Measuring.report(
                "log: beside \(name)", "not measured",
                "\(error); for it: infra/setup/install-packages.sh infra/setup/apt-packages-bench.txt")
            return nil
        }
    }

    private static func compare(_ ways: [(name: String, publish: Publishing)]) async throws {
        for (publishers, batch) in [(1, 1), (8, 1), (1, 100), (8, 100)] {
            var rates = Array(repeating: [Double](), count: ways.count)
            for _ in 0..<rounds {
                for (number, way) in ways.enumerated() {
                    rates[number].append(try await way.publish(publishers, batch))
                }
            }
            let medians = rates.map(Measuring.median)
            let others = zip(ways, medians).dropFirst().map { way, rate in
                "\(Measuring.number(medians[0] / rate)) times \(way.name) (\(Measuring.number(rate)))"
            }
            let what = batch == 1 ? "one by one" : "batches of \(batch)"
            Measuring.report(
                "log: \(publishers == 1 ? "1 publisher" : "\(publishers) publishers"), \(what)",
                "\(Measuring.number(medians[0])) records/s",
                others.joined(separator: ", ") + (batch == 1 ? "; target > 1" : ""))
        }
    }
}

/// A server that is measured beside us, in a folder of its own, reached by a socket in that folder.
struct PeerServer {
    private let child: ChildProcess

    /// Starts it under a shell that ends it when it is told to, and when this process is gone, however it went.
    ///
    /// - Parameter signal: the one that ends it.
    static func start(_ command: [String], signal: String) throws -> PeerServer {
        let script = """
            "$@" & server=$!
            trap 'kill -\(signal) $server' TERM
            while kill -0 \(getpid()) 2>/dev/null && kill -0 $server 2>/dev/null; do sleep 0.1; done
            kill -\(signal) $server 2>/dev/null
            wait $server
            """
        return PeerServer(
            child: try ChildProcess.start(
                ChildProcess.Setup(
                    program: "sh", arguments: ["-c", script, "sh"] + command,
                    environment: Measuring.environment)))
    }

    func stop() async {
        kill(child.processID, SIGTERM)
        _ = try? await child.wait()
    }

    /// Calls `isReady` until it is; throws after a while.
    static func wait(for what: String, _ isReady: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while try await !isReady() {
            guard ContinuousClock.now < deadline else { throw PeerError("\(what) did not start") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// Why a peer cannot be measured.
struct PeerError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
