internal import Diagnostics

/// When something runs: `minute hour day-of-month month day-of-week`, as cron has it.
///
/// Each field is `*`, a number, a name (`mon`, `jan`), a range, a list, or any of these with a step. `@daily` and its kin stand for the
/// five fields that everybody would write. Sunday is 0 and 7. As in cron, a moment matches when both the month and one of the two day
/// fields do, unless one of the day fields is `*`: then the other decides.
package struct CronExpression: Equatable, Sendable {
    package let minutes: Set<Int>
    package let hours: Set<Int>
    package let daysOfMonth: Set<Int>
    package let months: Set<Int>
    /// Sunday is 0.
    package let daysOfWeek: Set<Int>
    /// Whether `daysOfMonth` is `*`, and so leaves the choice to the day of the week.
    package let isAnyDayOfMonth: Bool
    /// Whether `daysOfWeek` is `*`, and so leaves the choice to the day of the month.
    package let isAnyDayOfWeek: Bool

    /// Reads an expression.
    package init(_ text: String) throws(CronError) {
        let fields = try CronExpression.fields(of: text)
        minutes = try CronField.minute.values(fields[0])
        hours = try CronField.hour.values(fields[1])
        daysOfMonth = try CronField.dayOfMonth.values(fields[2])
        months = try CronField.month.values(fields[3])
        daysOfWeek = Set(try CronField.dayOfWeek.values(fields[4]).map { $0 % 7 })
        isAnyDayOfMonth = fields[2] == "*" || fields[2] == "?"
        isAnyDayOfWeek = fields[4] == "*" || fields[4] == "?"
        guard happens else { throw CronError("there is no such day in these months") }
    }

    /// The expressions that have a name.
    private static let named = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    private static func fields(of text: String) throws(CronError) -> [Substring] {
        guard text.utf8.count <= 1000 else { throw CronError("it is too long") }
        if text.hasPrefix("@") {
            if let expression = named[text.lowercased()] { return expression.split(separator: " ") }
            if text.lowercased() == "@reboot" { throw CronError("\"@reboot\" is no time") }
            let near = Spelling.nearest(to: text, among: named.keys).map { "\"\($0)\"" }
            throw CronError("there is no \(Excerpt.quote(text))", suggestion: near)
        }
        let fields = text.split { $0 == " " || $0 == "\t" }
        guard fields.count == 5 else {
            throw CronError("it has \(fields.count) field\(fields.count == 1 ? "" : "s"), not 5")
        }
        return fields
    }

    /// Whether there is a day on which it runs: 30 February is none.
    private var happens: Bool {
        guard isAnyDayOfWeek, !isAnyDayOfMonth else { return true }
        let longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return months.contains { month in daysOfMonth.contains { $0 <= longest[month - 1] } }
    }
}

/// Why a text is no cron expression.
package struct CronError: Error, Equatable, Sendable {
    /// A sentence without its full stop.
    package var message: String
    /// What was probably meant, in quotes.
    package var suggestion: String?

    package init(_ message: String, suggestion: String? = nil) {
        self.message = message
        self.suggestion = suggestion
    }
}

/// One of the five fields: its name, its numbers and the names that stand for some of them.
private struct CronField {
    var name: String
    var range: ClosedRange<Int>
    var names: [String: Int] = [:]

    static let minute = CronField(name: "minute", range: 0...59)
    static let hour = CronField(name: "hour", range: 0...23)
    static let dayOfMonth = CronField(name: "day of month", range: 1...31)
    static let month = CronField(name: "month", range: 1...12, names: numbered(months, from: 1))
    static let dayOfWeek = CronField(name: "day of week", range: 0...7, names: numbered(days, from: 0))

    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    private static func numbered(_ names: [String], from first: Int) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: zip(names, first...))
    }

    /// The numbers that `text` - a list - stands for.
    func values(_ text: Substring) throws(CronError) -> Set<Int> {
        var values: Set<Int> = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            values.formUnion(try element(item))
        }
        return values
    }

    /// One element of a list: `*`, `3`, `1-5`, each perhaps with `/step`.
    private func element(_ text: Substring) throws(CronError) -> [Int] {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let base = parts.first ?? ""
        var step = 1
        if parts.count == 2 {
            guard let number = CronField.number(parts[1]), number >= 1 else {
                throw CronError("\(Excerpt.quote(String(parts[1]))) in the \(name) is no step")
            }
            step = number
        }
        let bounds = try bounds(base, hasStep: parts.count == 2)
        return Array(stride(from: bounds.lowerBound, through: bounds.upperBound, by: step))
    }

    private func bounds(_ text: Substring, hasStep: Bool) throws(CronError) -> ClosedRange<Int> {
        if text == "*" || (text == "?" && (name == "day of month" || name == "day of week")) {
            // Sunday is not counted twice.
            return range.lowerBound...(name == "day of week" ? 6 : range.upperBound)
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let first = ends.first else {
            throw CronError("\(Excerpt.quote(String(text))) in the \(name) is no range")
        }
        let low = try value(first)
        if ends.count == 1 { return low...(hasStep ? range.upperBound : low) }
        var high = try value(ends[1])
        if name == "day of week", high == 0, low > 0 { high = 7 }
        guard low <= high else {
            throw CronError("\(Excerpt.quote(String(text))) in the \(name) runs backwards")
        }
        return low...high
    }

    private func value(_ text: Substring) throws(CronError) -> Int {
        if let number = CronField.number(text) {
            guard range.contains(number) else {
                throw CronError("\(number) is no \(name): \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        if let number = names[text.lowercased()] { return number }
        let near = Spelling.nearest(to: String(text), among: names.keys)
        throw CronError("\(Excerpt.quote(String(text))) is no \(name)", suggestion: near)
    }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (48...57).contains($0) } && text.utf8.count <= 9 ? Int(text) : nil
    }
}
