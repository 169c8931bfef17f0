internal import HTTPMessages
internal import HTTPServer
internal import MetricStore

/// A request's target is taken apart, and put together again it is the same request.
enum RequestProperties {
    static func check(_ bytes: [UInt8]) throws(Violation) {
        let target = String(decoding: bytes, as: UTF8.self)
        try checkCursor(target)
        try checkEscapes(target)
        guard let request = ServerRequest(.get, target) else { return }
        let path = "/" + request.segments.map(PercentEncoding.encode).joined(separator: "/")
        let again = ServerRequest(.get, "\(path)?\(QueryItem.text(request.query))")
        try expect(again?.segments == request.segments, "the path becomes \(again?.segments ?? [])")
        try expect(again?.query == request.query, "the query becomes \(again?.query ?? [])")
        try expect(
            !request.segments.contains { $0.utf8.contains(0) }, "a part of the path has a zero byte in it")
    }

    private static func checkCursor(_ text: String) throws(Violation) {
        guard let cursor = StoreCursor(text) else { return }
        try expect(StoreCursor(cursor.description) == cursor, "the cursor becomes another one")
    }

    private static func checkEscapes(_ text: String) throws(Violation) {
        guard !text.utf8.contains(0) else { return }
        try expect(
            PercentEncoding.decode(PercentEncoding.encode(text)) == text, "escaped, it becomes another text")
    }
}
