internal import Digests
internal import Runtime

/// Gives a submission's runs their ids.
struct RunIDs: Sendable {
    private let next: @Sendable (String) -> String

    /// Random ones.
    init(_ ids: any IDSource) { next = { _ in ids.next() } }

    /// Ones that follow from who asked with which idempotency key: asked again after a crash, the runs are the same runs.
    init(client: String, key: String) {
        // Zero bytes cannot be in either, so that no two pairs look alike.
        next = { RunIDs.identifier(for: "benchmark-ai.run\0\(client)\0\(key)\0\($0)") }
    }

    func run(_ index: Int) -> String { next("run/\(index)") }
    var sweep: String { next("sweep") }

    /// A UUID of version 8 (RFC 9562: made as its maker likes) over the SHA-256 of `text`.
    private static func identifier(for text: String) -> String {
        var bytes = Array(Digest.of(text).bytes.prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x80
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = Array(Hexadecimal.encode(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }
}
