import Runtime
import TestSupport

/// A web server that answers each request as a test says, and remembers what it was asked.
final class FaultServer: Sendable {
    struct Request: Sendable {
        var text: String

        func header(_ name: String) -> String? {
            let prefix = name.lowercased() + ": "
            return text.split(separator: "\r\n").first { $0.lowercased().hasPrefix(prefix) }
                .map { String($0.dropFirst(prefix.count)) }
        }

        /// Where the range that is asked for begins.
        var rangeStart: Int? {
            header("Range").flatMap { Int($0.dropFirst("bytes=".count).prefix { $0 != "-" }) }
        }
    }

    typealias Answer = @Sendable (Request, RawConnection) -> Void

    private let server: RawServer
    private let log = Locked<[Request]>([])

    /// - Parameter answers: to the first request, the second, …; the last one to all further ones.
    init(_ answers: Answer...) throws {
        let log = self.log
        server = try RawServer { connection in
            let text = connection.read(until: "\r\n\r\n")
            if text.isEmpty { return }
            let request = Request(text: text)
            let number = log.withLock { log in
                log.append(request)
                return log.count
            }
            answers[min(number, answers.count) - 1](request, connection)
        }
    }

    var requests: [Request] { log.withLock { $0 } }
    var url: String { "\(server.url)/data.bin" }
    var root: String { server.url }
}

/// Ways to answer. Each ends its connection.
enum Answers {
    static func head(_ status: String, _ headers: String...) -> String { head(status, headers) }

    private static func head(_ status: String, _ headers: [String]) -> String {
        "HTTP/1.1 \(status)\r\n" + headers.map { "\($0)\r\n" }.joined() + "Connection: close\r\n\r\n"
    }

    /// As a good server does: whole or in part, with a strong entity tag, and 304 for who has it.
    static func good(_ content: [UInt8], etag: String = "\"one\"") -> FaultServer.Answer {
        { request, connection in
            if request.header("If-None-Match") == etag {
                connection.write(head("304 Not Modified", "ETag: \(etag)"))
            } else if let start = request.rangeStart, request.header("If-Range") ?? etag == etag {
                let range = "bytes \(start)-\(content.count - 1)/\(content.count)"
                connection.write(
                    head(
                        "206 Partial Content", "Content-Range: \(range)",
                        "Content-Length: \(content.count - start)", "ETag: \(etag)"))
                connection.write(Array(content[start...]))
            } else {
                connection.write(head("200 OK", "Content-Length: \(content.count)", "ETag: \(etag)"))
                connection.write(content)
            }
        }
    }

    /// Says that all comes, and hangs up after `count` bytes.
    static func cut(_ content: [UInt8], after count: Int, etag: String? = "\"one\"") -> FaultServer.Answer {
        { _, connection in
            let validator = etag.map { "ETag: \($0)" } ?? "X-None: 1"
            connection.write(head("200 OK", "Content-Length: \(content.count)", validator))
            connection.write(Array(content.prefix(count)))
        }
    }

    static func status(_ status: String, _ headers: String...) -> FaultServer.Answer {
        let text = head(status, ["Content-Length: 0"] + headers)
        return { _, connection in connection.write(text) }
    }
}
