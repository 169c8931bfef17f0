internal import Events
internal import Runtime

/// Writes the payloads of batches as JSON, some fifty times faster than a general encoder: batches are written on the machine that is being measured,
/// while it is being measured. `BatchRecordsTests` holds it equal to what the payload types read.
struct PayloadText {
    private(set) var bytes: [UInt8] = []

    /// A `MetricBatch`.
    mutating func metricBatch(attempt: Int, rank: Int, host: String, points: [MetricPoint]) {
        bytes.reserveCapacity(128 * points.count + 128)
        put(#"{"attempt":\#(attempt),"host":"#)
        put(quoted: host)
        put(#","rank":\#(rank),"v":\#(MetricBatch.version),"points":["#)
        for (place, point) in points.enumerated() {
            if place > 0 { put(",") }
            metricPoint(point)
        }
        put("]}")
    }

    /// A `LogBatch`.
    mutating func logBatch(attempt: Int, rank: Int, lines: [LogLine]) {
        bytes.reserveCapacity(lines.reduce(128) { $0 + 96 + $1.text.utf8.count })
        put(#"{"attempt":\#(attempt),"rank":\#(rank),"v":\#(LogBatch.version),"lines":["#)
        for (place, line) in lines.enumerated() {
            put(place > 0 ? #",{"sequence":"# : #"{"sequence":"#)
            put(String(line.sequence))
            put(#","stream":""#)
            put(line.stream.rawValue)
            put(#"","time":"#)
            put(String(line.time.milliseconds))
            put(#","text":"#)
            put(quoted: line.text)
            put("}")
        }
        put("]}")
    }

    private mutating func metricPoint(_ point: MetricPoint) {
        put(#"{"sequence":"#)
        put(String(point.sequence))
        put(#","time":"#)
        put(String(point.time.milliseconds))
        put(#","value":"#)
        put(point.value)
        put(#","name":"#)
        put(quoted: point.name)
        if let unit = point.unit {
            put(#","unit":"#)
            put(quoted: unit)
        }
        if let step = point.step {
            put(#","step":"#)
            put(String(step))
        }
        put(#","labels":"#)
        put(point.labels)
        put("}")
    }

    private mutating func put(_ labels: [String: String]) {
        put("{")
        for (place, label) in labels.sorted(by: { $0.key < $1.key }).enumerated() {
            if place > 0 { put(",") }
            put(quoted: label.key)
            put(":")
            put(quoted: label.value)
        }
        put("}")
    }

    /// A number, or the word that stands for what JSON has no number for.
    private mutating func put(_ number: Double) {
        if number.isNaN {
            put(#""NaN""#)
        } else if number.isInfinite {
            put(number > 0 ? #""Infinity""# : #""-Infinity""#)
        } else {
            put("\(number)")
        }
    }

    mutating func put(_ text: String) { bytes += text.utf8 }

    /// A JSON string.
    mutating func put(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { all in
            // What needs no escape is copied in one piece.
            var plain = 0
            for (place, byte) in all.enumerated()
            where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes += all[plain..<place]
                plain = place + 1
                escape(byte)
            }
            bytes += all[plain...]
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "\n"): put(#"\n"#)
        case UInt8(ascii: "\t"): put(#"\t"#)
        case UInt8(ascii: "\r"): put(#"\r"#)
        default: put(byte < 16 ? "\\u000\(String(byte, radix: 16))" : "\\u00\(String(byte, radix: 16))")
        }
    }
}
