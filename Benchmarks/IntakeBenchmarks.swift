import API
import Access
import BFFClient
import Deployment
import Descriptors
import Events
import FoundationEssentials
import Glibc
import HTTPClient
import HTTPMessages
import JSON
import Runtime

/// What pods deliver, over TLS on the loopback: how many records and bytes a second `bai-bff` has durable.
enum IntakeBenchmarks {
    /// Together fewer than may wait to be stored: nothing but `bai-bff` runs here.
    private static let requests = 40
    private static let batches = 100
    private static let points = 20

    static func run() async throws {
        let home = "\(Measuring.folder)/intake"
        try Installation(home: home).prepare()
        guard let openssl = Measuring.find("openssl") else {
            return Measuring.report("intake: records over TLS", "not measured", "openssl is not installed")
        }
        let names = ["\(home)/tls.pem", "\(home)/tls.key"]
        _ = try await Measuring.output(
            of: [
                openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                "-out", names[0], "-keyout", names[1],
            ], in: home)
        let environment = Measuring.environment.merging([
            "BAI_HOME": home, "BAI_API_LISTEN": "127.0.0.1:0", "BAI_API_TLS_CERTIFICATE": names[0],
            "BAI_API_TLS_KEY": names[1],
        ]) { $1 }
        let lines = open("\(home)/lines", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(lines) }
        let server = try ChildProcess.start(
            ChildProcess.Setup(
                program: ProgramFolder.program("bai-bff"), environment: environment, standardError: lines))
        do {
            try await measure(home: home, authority: names[0])
        } catch {
            kill(server.processID, SIGTERM)
            throw error
        }
        kill(server.processID, SIGTERM)
        _ = try await server.wait()
        try? FileManager.default.removeItem(atPath: home)
    }

    private static func measure(home: String, authority: String) async throws {
        let port = try await port(in: "\(home)/lines")
        let client = BFFClient(endpoint: .unixSocket(path: Installation(home: home).socket))
        let request = SubmitRequest(descriptor: descriptor, filename: "intake.toml", client: .anonymous)
        let run = try await client.submit(request).runs[0].id
        let key = try InstallationKeyFile(path: Installation(home: home).keyFile).open(mayMake: false)
        let token = RunToken(run: run, key: key).text
        for connections in [1, 4] {
            let bodies = try (0..<requests).map { try body(run, part: $0 + connections * 1000) }
            let bytes = bodies.map(\.count).reduce(0, +)
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<connections {
                    group.addTask {
                        let client = HTTPClient()
                        for body in stride(from: worker, to: requests, by: connections).map({ bodies[$0] }) {
                            try await post(body, run, token, port, authority, client)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let took = (ContinuousClock.now - start).inSeconds
            let rate = Double(requests * batches) / took
            Measuring.report(
                "intake: records over TLS, \(connections) at once", "\(Measuring.number(rate)) records/s",
                "\(Measuring.number(rate * Double(points))) points/s, \(Measuring.number(Double(bytes) / took / 1e6)) MB/s, durable"
            )
        }
    }

    private static func post(
        _ body: [UInt8], _ run: String, _ token: String, _ port: Int, _ authority: String,
        _ client: HTTPClient
    ) async throws {
        var request = HTTPRequest(
            .post, "https://localhost:\(port)\(DeliveredRecords.path(run: run, attempt: 1))", body: body)
        request.headers["Authorization"] = "Bearer \(token)"
        request.tls.authorities = authority
        let answer = try await client.send(request)
        guard answer.isSuccess else { throw SystemError("deliver: \(answer.text)", code: 0) }
    }

    /// The lines of a request, as an agent sends them.
    private static func body(_ run: String, part: Int) throws -> [UInt8] {
        var text = ""
        for batch in 0..<batches {
            let first = Int64((part * batches + batch) * points) + 1
            let points = (0..<Int64(points)).map {
                MetricPoint(
                    sequence: first + $0, name: "loss", value: 1 / Double(first + $0), unit: "nats", step: $0,
                    time: Timestamp(milliseconds: 1_763_700_000_000 + $0))
            }
            let payload = MetricBatch(attempt: 1, host: "pod", points: points)
            var tree = try JSONCoding.tree(payload)
            tree["v"] = 1
            text +=
                try JSONCoding.text(
                    Event(
                        messageID: "\(run)/agent/1/metrics/\(first)", actionID: run, clientID: "bench",
                        clientVersion: Version.current, clientUsername: "bench",
                        tstamp: Timestamp(milliseconds: 1_763_700_000_000), type: MetricBatch.type,
                        payload: tree)) + "\n"
        }
        return Array(text.utf8)
    }

    private static let descriptor = """
        spec_version = "0.1.0"
        [info]
        description = "delivers"
        [hardware]
        instance_type = "local"
        [env]
        docker_image = "none"
        [ml]
        benchmark_code = "true"
        """

    /// The port that the system chose, as the service says it.
    private static func port(in path: String) async throws -> Int {
        for _ in 0..<500 {
            let text = (try? String(contentsOf: URL(filePath: path), encoding: .utf8)) ?? ""
            if let digits = text.split(separator: "127.0.0.1:").dropFirst().first?.prefix(while: \.isNumber),
                let port = Int(digits)
            {
                return port
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw SystemError("find the port of bai-bff", code: ETIMEDOUT)
    }
}
