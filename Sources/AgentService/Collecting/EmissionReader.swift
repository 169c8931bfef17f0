internal import Runtime

/// Reads what client libraries write: one JSON object a line.
///
/// An object with the member `bai` is ours. Any other is Benchmark AI's: each member is a metric's name and value.
package enum EmissionReader {
    /// The version of our lines that this program understands.
    private static let version = 1.0

    /// Reads one line.
    ///
    /// - Throws: when it is no JSON object, or not one that this program understands. Single members that are no numbers do not make a line bad: they are
    ///   `refused`.
    package static func read(_ line: String) throws(JSONLineError) -> Emission {
        let members = try JSONMembers.read(line)
        guard let version = members.first(where: { $0.name == "bai" }) else {
            guard !members.isEmpty else { throw JSONLineError("the object is empty") }
            return .metrics(Emission.Measured(of: members))
        }
        guard case .number(EmissionReader.version, _) = version.value else {
            throw JSONLineError("the line is of a version that this agent does not know: upgrade it")
        }
        return try ours(members)
    }

    /// Whether the line is one of ours, without reading it whole.
    package static func isOurs(_ line: String) -> Bool {
        line.hasPrefix("{\"bai\":") || line.hasPrefix("{\"bai\" :")
    }

    private static func ours(_ members: [JSONMembers.Member]) throws(JSONLineError) -> Emission {
        var emission: Emission?
        var units: [String: String] = [:]
        var step: Int64?
        var time: Timestamp?
        var labels: [String: String] = [:]
        for member in members {
            switch (member.name, member.value) {
            case ("metrics", .object(let values)): emission = .metrics(Emission.Measured(of: values))
            case ("progress", .object(let values)): emission = .progress(try progress(values))
            case ("dropped", .number(let count, isWhole: true)) where count >= 0 && count < 1e15:
                emission = .dropped(Int64(count))
            case ("units", .object(let values)): units = texts(values)
            case ("labels", .object(let values)): labels = texts(values)
            case ("step", .number(let number, _)): step = Int64(exactly: number)
            case ("time", .number(let seconds, _)): time = plausibleTime(seconds)
            case ("metrics", _), ("progress", _), ("dropped", _):
                throw JSONLineError("'\(member.name)' is not what it should be")
            // Members of later versions, and what is null.
            default: break
            }
        }
        guard let emission else { throw JSONLineError("it has neither metrics nor progress nor dropped") }
        guard case .metrics(var measured) = emission else { return emission }
        (measured.step, measured.time, measured.labels) = (step, time, labels)
        for place in measured.values.indices {
            measured.values[place].unit = units[measured.values[place].name]
        }
        return .metrics(measured)
    }

    private static func progress(
        _ members: [JSONMembers.Member]
    ) throws(JSONLineError) -> Emission.Progress {
        var progress = Emission.Progress(done: .nan)
        for member in members {
            switch (member.name, member.value) {
            case ("done", .number(let number, _)): progress.done = number
            case ("total", .number(let number, _)): progress.total = number
            case ("message", .text(let text)): progress.message = text
            default: break
            }
        }
        guard progress.done.isFinite else { throw JSONLineError("'progress' does not say how much is done") }
        return progress
    }

    /// The members that have a text; numbers and truth values are as good.
    private static func texts(_ members: [JSONMembers.Member]) -> [String: String] {
        var texts: [String: String] = [:]
        for member in members {
            switch member.value {
            case .text(let text): texts[member.name] = text
            case .number(let number, let isWhole):
                texts[member.name] =
                    isWhole ? Int64(exactly: number).map(String.init) ?? "\(number)" : "\(number)"
            case .bool(let isTrue): texts[member.name] = isTrue ? "true" : "false"
            case .null, .object, .array: break
            }
        }
        return texts
    }

    /// A time between 2001 and 2286; anything else is a mistake, and the time of reading is better.
    private static func plausibleTime(_ seconds: Double) -> Timestamp? {
        guard seconds > 1e9, seconds < 1e10 else { return nil }
        return Timestamp(milliseconds: Int64((seconds * 1000).rounded(.down)))
    }
}

extension Emission.Measured {
    /// Each member that is a number, or a text that is one.
    init(of members: [JSONMembers.Member]) {
        self.init(values: [])
        values.reserveCapacity(members.count)
        for member in members {
            if member.name.isEmpty {
                refused.append("a metric without a name")
            } else if member.name.utf8.count > Emission.Measured.longestName {
                refused.append(
                    "'\(member.name.prefix(60))...' is a name of more than \(Emission.Measured.longestName) bytes"
                )
            } else if let number = Emission.Measured.number(member.value) {
                values.append(Emission.Value(member.name, number))
            } else {
                refused.append(
                    "'\(member.name.prefix(60))' is \(Emission.Measured.kind(member.value)), not a number")
            }
        }
    }

    /// In UTF-8: the 200 characters that a descriptor's names may have, in any language.
    private static let longestName = 800

    private static func number(_ value: JSONMembers.Value) -> Double? {
        switch value {
        case .number(let number, _): number
        case .text(let text): NumberText.value(text)
        case .bool, .null, .object, .array: nil
        }
    }

    private static func kind(_ value: JSONMembers.Value) -> String {
        switch value {
        case .text(let text): "the text '\(text.prefix(40))'"
        case .bool(let isTrue): isTrue ? "true" : "false"
        case .null: "null"
        case .object: "an object"
        case .array: "an array"
        case .number: "a number"
        }
    }
}

/// Numbers as benchmarks print them.
enum NumberText {
    /// The number that `text` is: decimal, with sign and exponent, white space around it, or one of the words for what is no number; nil for anything else.
    static func value(_ text: some StringProtocol) -> Double? {
        let words = String(text).split { $0 == " " || $0 == "\t" }
        guard words.count == 1, let word = words.first, word.utf8.count <= 64 else { return nil }
        switch word {
        case "NaN", "nan": return .nan
        case "Infinity", "inf", "Inf": return .infinity
        case "-Infinity", "-inf", "-Inf": return -.infinity
        default:
            // Swift reads hexadecimal numbers too, which no benchmark means.
            let isDecimal = word.utf8.allSatisfy(JSONMembers.isOfNumber)
            return isDecimal ? Double(word) : nil
        }
    }
}
