internal import API
internal import Events
internal import HTTPMessages
internal import HTTPServer
internal import ObjectStore

/// Answers with a content of the object store.
struct ContentAnswer {
    let sha256: String
    /// Where it is on this machine.
    let path: String

    private func headers(_ kind: FetchedContent.Kind) -> HTTPHeaders {
        [
            "ETag": "\"\(sha256)\"", "Cache-Control": "private, immutable",
            ObjectDelivery.kindHeader: kind.rawValue,
        ]
    }

    /// A folder as a tar archive, with its entries sorted and without times: the same folder gives the same bytes.
    func folder() -> ServerResponse {
        var headers = headers(.directory)
        headers["Content-Type"] = ObjectDelivery.archiveType
        let path = path
        return ServerResponse(
            headers: headers,
            body: .stream { writer in
                let tar = FolderTar(of: path)
                while let piece = try await tar.next() { try await writer.write(piece) }
            })
    }

    /// A file, or the part of it that is asked for (RFC 9110, 14).
    func file(_ request: ServerRequest) throws(APIError) -> ServerResponse {
        let isStillTheSame = request.headers["If-Range"].map { $0 == "\"\(sha256)\"" } ?? true
        let wanted = isStillTheSame ? request.headers["Range"].flatMap(ByteRange.init) : nil
        var part: Range<Int64>?
        let slice = FileSlice(path: path) { size in
            part = wanted.map { $0.within(size) } ?? 0..<size
            return part ?? 0..<0
        }
        guard let slice else { throw APIError(.unavailable, "the content \(sha256) cannot be read now") }
        var headers = headers(.file)
        headers["Content-Type"] = "application/octet-stream"
        headers["Accept-Ranges"] = "bytes"
        guard wanted != nil else { return ServerResponse(headers: headers, body: .file(slice)) }
        guard let part, !part.isEmpty else {
            headers["Content-Range"] = "bytes */\(slice.fileSize)"
            return ServerResponse(status: 416, headers: headers)
        }
        headers["Content-Range"] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(slice.fileSize)"
        return ServerResponse(status: 206, headers: headers, body: .file(slice))
    }
}

/// One range of a header `Range`.
struct ByteRange: Equatable {
    /// nil for the last so many bytes, which are in `last`.
    var first: Int64?
    var last: Int64?

    /// Reads `bytes=5-9`, `bytes=5-` and `bytes=-5`; nil for anything else, several ranges too, which a server may ignore.
    init?(_ text: String) {
        guard text.hasPrefix("bytes=") else { return nil }
        let sides = text.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard sides.count == 2, let first = ByteRange.number(sides[0]), let last = ByteRange.number(sides[1])
        else { return nil }
        (self.first, self.last) = (first, last)
        if self.first == nil && self.last == nil { return nil }
        if let first = self.first, let last = self.last, last < first { return nil }
    }

    /// nil within for an empty side; nil for what is no number.
    private static func number(_ text: Substring) -> Int64?? {
        if text.isEmpty { return .some(nil) }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int64(text)
        else { return nil }
        return .some(number)
    }

    /// The part of `size` bytes; nil when none of it is there.
    func within(_ size: Int64) -> Range<Int64>? {
        guard let first else {
            let count = min(last ?? 0, size)
            return count > 0 ? size - count..<size : nil
        }
        guard first < size else { return nil }
        let end = last.map { $0 >= size ? size : $0 + 1 } ?? size
        return first..<end
    }
}
