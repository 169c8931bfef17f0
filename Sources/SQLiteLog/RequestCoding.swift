internal import MessageLog
internal import Runtime

/// How records travel to a process that writes them for another one: a hash of what follows, the time, and the parts of each record with their lengths.
enum RequestCoding {
    /// The length of what is not there.
    private static let none = UInt32.max

    static func encode(_ records: [NewRecord], at time: Timestamp) -> [UInt8] {
        var body: [UInt8] = []
        append(UInt64(bitPattern: time.milliseconds), to: &body)
        for record in records {
            append(Array(record.topic.utf8), to: &body)
            append(Array(record.key.utf8), to: &body)
            append(RecordCoding.encode(record.headers), to: &body)
            append(record.value, to: &body)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count + 8)
        append(body.withUnsafeBytes { XXHash.hash($0, seed: 0) }, to: &bytes)
        return bytes + body
    }

    /// The records and their time; nil when the bytes are something else.
    static func decode(_ bytes: [UInt8]) -> (records: [NewRecord], time: Timestamp)? {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            guard let hash = number(&rest) else { return nil }
            guard hash == XXHash.hash(UnsafeRawBufferPointer(rebasing: rest), seed: 0),
                let time = number(&rest)
            else { return nil }
            var records: [NewRecord] = []
            while !rest.isEmpty {
                guard let record = record(&rest) else { return nil }
                records.append(record)
            }
            return (records, Timestamp(milliseconds: Int64(bitPattern: time)))
        }
    }

    private static func record(_ rest: inout Slice<UnsafeRawBufferPointer>) -> NewRecord? {
        guard let topic = part(&rest), let topic, let key = part(&rest), let key, let headers = part(&rest),
            let value = part(&rest),
            let decoded = RecordCoding.decodeHeaders(
                headers.map { UnsafeRawBufferPointer(rebasing: $0) } ?? .init(start: nil, count: 0))
        else { return nil }
        return NewRecord(
            topic: String(decoding: topic, as: UTF8.self), key: String(decoding: key, as: UTF8.self),
            headers: decoded, value: value.map { Array($0) })
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }

    private static func append(_ part: [UInt8]?, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: (part.map { UInt32($0.count) } ?? none).littleEndian) { bytes += $0 }
        if let part { bytes += part }
    }

    private static func number(_ rest: inout Slice<UnsafeRawBufferPointer>) -> UInt64? {
        guard rest.count >= 8 else { return nil }
        defer { rest = rest.dropFirst(8) }
        return UInt64(
            littleEndian: UnsafeRawBufferPointer(rebasing: rest.prefix(8)).loadUnaligned(as: UInt64.self))
    }

    /// The next part, which may be none; nil where there is nothing like it.
    private static func part(_ rest: inout Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer>?? {
        guard rest.count >= 4 else { return nil }
        let count = UInt32(
            littleEndian: UnsafeRawBufferPointer(rebasing: rest.prefix(4)).loadUnaligned(as: UInt32.self))
        rest = rest.dropFirst(4)
        if count == none { return .some(nil) }
        guard rest.count >= Int(count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }
}
