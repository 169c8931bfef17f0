internal import AgentService
internal import JSON

/// Bytes become lines wherever they are cut; each line is a measurement or refused in few words.
enum EmissionProperties {
    static func check(_ bytes: [UInt8]) throws(Violation) {
        let whole = lines(of: bytes, piece: bytes.count)
        try expect(lines(of: bytes, piece: 7) == whole, "in pieces of 7 bytes the lines are others")
        for line in whole {
            try expect(line.text.utf8.count <= 3 * LineSplitter.usualLimit, "a line has no end")
            try check(line.text)
        }
    }

    private static func lines(of bytes: [UInt8], piece: Int) -> [LineSplitter.Line] {
        var splitter = LineSplitter()
        var lines: [LineSplitter.Line] = []
        for start in stride(from: 0, to: bytes.count, by: max(piece, 1)) {
            splitter.add(Array(bytes[start..<min(start + piece, bytes.count)])) { lines.append($0) }
        }
        splitter.finish { lines.append($0) }
        return lines
    }

    private static func check(_ line: String) throws(Violation) {
        do throws(JSONLineError) {
            let emission = try EmissionReader.read(line)
            try checkValues(emission)
        } catch {
            try expect(error.description.utf8.count < 500, "the refusal is as long as what it refuses")
            try expectNoObject(line, refusedFor: error)
        }
    }

    /// Whatever a general reader takes for an object is no news to ours, but for what it is about.
    private static func expectNoObject(_ line: String, refusedFor error: JSONLineError) throws(Violation) {
        guard line.utf8.count < 2000, line.utf8.filter({ $0 == 0x7B || $0 == 0x5B }).count < 30,
            line.hasPrefix("{"), !JSONDifferences.hasCommaAtTheEnd(Array(line.utf8)),
            let tree = try? JSONCoding.decode(JSONValue.self, from: Array(line.utf8)),
            let members = tree.object, !members.isEmpty, members["bai"] == nil
        else { return }
        throw Violation("JSON is refused: \(error)")
    }

    private static func checkValues(_ emission: Emission) throws(JSONLineError) {
        guard case .metrics(let measured) = emission else { return }
        precondition(!measured.values.contains { $0.name.isEmpty }, "a metric without a name")
    }
}
