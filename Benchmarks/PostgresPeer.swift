import FoundationEssentials
import Glibc
import Runtime

/// PostgreSQL with a table and a transaction for each batch, `synchronous_commit` on, driven by its own `pgbench`.
struct PostgresPeer {
    let server: PeerServer
    private let folder: String

    /// Makes a cluster and starts it. It refuses to run as root, and is run as Debian's user for it then.
    static func start(in folder: String) async throws -> PostgresPeer {
        guard let program = Measuring.find("postgres"), let initdb = Measuring.find("initdb"),
            Measuring.find("pgbench") != nil
        else { throw PeerError("no postgres here") }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var user: [String] = []
        if getuid() == 0 {
            guard let postgres = getpwnam("postgres") else { throw PeerError("no user postgres here") }
            chown(folder, postgres.pointee.pw_uid, postgres.pointee.pw_gid)
            user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        }
        let data = "\(folder)/data"
        guard
            try await Measuring.output(
                of: user + [initdb, "-D", data, "-A", "trust", "-U", "postgres"], in: folder) != nil
        else { throw PeerError("initdb in \(folder) failed; its user may not go there") }
        let server = try PeerServer.start(
            user + [
                program, "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=on",
                "-c", "synchronous_commit=on",
            ], signal: "INT")
        let peer = PostgresPeer(server: server, folder: folder)
        do { try await PeerServer.wait(for: "postgres", peer.makeTable) } catch {
            await server.stop()
            throw error
        }
        return peer
    }

    private func makeTable() async throws -> Bool {
        let table = "CREATE TABLE record (id bigserial PRIMARY KEY, key text NOT NULL, value text NOT NULL)"
        return try await Measuring.output(
            of: ["psql", "-q", "-h", folder, "-U", "postgres", "-c", table], in: folder) != nil
    }

    /// Publishes for a second, the least that pgbench can be told; records a second.
    func publish(_ publishers: Int, _ batch: Int) async throws -> Double {
        let value = String(repeating: "x", count: LogBenchmarks.valueSize)
        let insert =
            batch == 1
            ? "INSERT INTO record (key, value) VALUES ('run-1', '\(value)');"
            : "INSERT INTO record (key, value) SELECT 'run-' || n, '\(value)' FROM generate_series(1, \(batch)) n;"
        let script = "\(folder)/insert.sql"
        try Data(insert.utf8).write(to: URL(filePath: script))
        let output = try await Measuring.output(
            of: [
                "pgbench", "-n", "-h", folder, "-U", "postgres", "-M", "prepared", "-c", "\(publishers)",
                "-j", "\(min(publishers, 2))", "-T", "1", "-f", script, "postgres",
            ], in: folder)
        // "tps = 1234.5 (without initial connection time)"
        guard let text = output?.split(separator: "tps = ").last?.prefix(while: { $0 != " " }),
            let rate = Double(text)
        else { throw PeerError("pgbench failed") }
        return rate * Double(batch)
    }
}
