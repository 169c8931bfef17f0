internal import CommandLineArguments
internal import FoundationEssentials
internal import Glibc
internal import JSON

/// Histories in a file, in whichever of the known forms: JSON, a table with separators, or a number a line.
enum SeriesFile {
    /// - Parameters:
    ///   - path: the file; `-` is standard input.
    ///   - columns: the names of the series wanted; all when empty.
    static func read(_ path: String, columns: [String]) throws(CommandFailure) -> [NamedSeries] {
        let text = String(decoding: try bytes(path), as: UTF8.self)
        let name = path == "-" ? "values" : baseName(path)
        let series = try series(in: text, name: name, columns: columns)
        guard !series.isEmpty else {
            throw CommandFailure(.notFound, "\(name) has no column of numbers.")
        }
        return series
    }

    private static func series(
        in text: String, name: String, columns: [String]
    ) throws(CommandFailure) -> [NamedSeries] {
        guard let first = text.first(where: { !$0.isWhitespace }) else {
            throw CommandFailure(.usage, "\(name) is empty.")
        }
        guard first == "[" || first == "{" else {
            return try DelimitedText(text, from: name).series(columns)
        }
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONValue(parsing: text.utf8)
        } catch {
            throw CommandFailure(.usage, "\(name) is not JSON: \(error).")
        }
        let series = JSONSeries.series(in: document, name: name)
        return columns.isEmpty ? series : series.filter { columns.contains($0.name) }
    }

    /// All of a file, or of standard input for `-`.
    static func bytes(_ path: String) throws(CommandFailure) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            throw CommandFailure(
                code == ENOENT ? .notFound : .notAllowed, "\(path): \(String(cString: strerror(code))).")
        }
        defer { if path != "-" { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandFailure(.notAllowed, "\(path): \(String(cString: strerror(errno))).")
            }
            bytes += buffer[..<count]
        }
    }

    static func baseName(_ path: String) -> String {
        String(path.split(separator: "/").last ?? "values")
    }
}

/// Histories as JSON has them.
///
///     [1, 2, null]                              the values of one series
///     {"values": [1, 2], "id": "latency"}       the same with a name
///     {"latency": [1, 2], "loss": [3, 4]}       several
///     [{"commit": "a1", "latency": 1}, …]       a run each
enum JSONSeries {
    static func series(in document: JSONValue, name: String) -> [NamedSeries] {
        if let values = document.array {
            return values.allSatisfy { $0.object != nil } && !values.isEmpty
                ? series(ofRuns: values) : [NamedSeries(name: name, values: values.map(\.finiteNumber))]
        }
        if let values = document["values"]?.array {
            let name = document["id"]?.string ?? document["name"]?.string ?? name
            return [NamedSeries(name: name, values: values.map(\.finiteNumber))]
        }
        return (document.object ?? [:]).sorted { $0.key < $1.key }.compactMap { name, member in
            member.array.map { NamedSeries(name: name, values: $0.map(\.finiteNumber)) }
        }
    }

    private static func series(ofRuns runs: [JSONValue]) -> [NamedSeries] {
        let names = runs.reduce(into: Set<String>()) { names, run in
            for (name, value) in run.object ?? [:] where value.number != nil { names.insert(name) }
        }
        let labels = ["commit", "revision", "version", "run", "time", "timestamp"]
        let label = labels.first { label in runs.allSatisfy { $0[label] != nil } }
        return names.subtracting(label.map { [$0] } ?? []).sorted().map { name in
            NamedSeries(
                name: name, values: runs.map { $0[name]?.finiteNumber },
                runs: label.map { label in runs.map { $0[label].map(text) ?? "" } } ?? [])
        }
    }

    private static func text(_ value: JSONValue) -> String {
        // A tree of JSON values is always JSON.
        value.string ?? (try? JSONCoding.text(value)) ?? ""
    }
}

extension JSONValue {
    /// nil for everything that is no number, or none that can be calculated with.
    var finiteNumber: Double? { number.flatMap { $0.isFinite ? $0 : nil } }
}
