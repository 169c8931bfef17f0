internal import JSON
internal import SQLite

/// The numbers of words that were written or looked up. A word's number never changes and is never given to another.
struct WordNumbers {
    /// Far more than the names and units of any benchmark; labels that differ with every point are what reaches it.
    private static let limit = 100_000

    private var numbers: [String: Int64] = [:]
    private var labelNumbers: [[String: String]: Int64] = [:]

    /// The number of `text`, which gets one if it has none.
    mutating func number(of text: String, in database: Database) throws(SQLiteError) -> Int64 {
        if let number = numbers[text] { return number }
        try database.run("INSERT INTO word (text) VALUES (?) ON CONFLICT DO NOTHING", text)
        let number = try database.first("SELECT number FROM word WHERE text = ?", text) { $0.integer(0) } ?? 0
        if numbers.count >= WordNumbers.limit { numbers = [:] }
        numbers[text] = number
        return number
    }

    /// The number of a set of labels; nil for the empty one.
    mutating func number(of labels: [String: String], in database: Database) throws(SQLiteError) -> Int64? {
        if labels.isEmpty { return nil }
        if let number = labelNumbers[labels] { return number }
        let number = try number(of: StoreJSON.text(ofLabels: labels), in: database)
        if labelNumbers.count >= WordNumbers.limit { labelNumbers = [:] }
        labelNumbers[labels] = number
        return number
    }
}

/// The words of numbers that were read.
struct WordTexts {
    private static let limit = 100_000

    private var texts: [Int64: String] = [:]
    private var labels: [Int64: [String: String]] = [:]

    /// The word with this number.
    mutating func text(of number: Int64, in database: Database) throws(SQLiteError) -> String {
        if let text = texts[number] { return text }
        let text = try database.first("SELECT text FROM word WHERE number = ?", number) { $0.text(0) } ?? ""
        if texts.count >= WordTexts.limit { texts = [:] }
        texts[number] = text
        return text
    }

    /// The set of labels with this number.
    mutating func labels(of number: Int64, in database: Database) throws(SQLiteError) -> [String: String] {
        if let set = labels[number] { return set }
        let set = StoreJSON.labels(in: try text(of: number, in: database))
        if labels.count >= WordTexts.limit { labels = [:] }
        labels[number] = set
        return set
    }
}

/// JSON inside the store.
enum StoreJSON {
    static func text(_ value: some Encodable) throws(MetricStoreError) -> String {
        do {
            return try JSONCoding.text(value)
        } catch {
            throw MetricStoreError(.refused, "a value cannot be written as JSON: \(error)")
        }
    }

    static func value<Value: Decodable>(
        _ type: Value.Type, from text: String
    ) throws(MetricStoreError) -> Value {
        do {
            return try JSONCoding.decode(type, from: text.utf8)
        } catch {
            throw MetricStoreError(
                .corrupt, "the metric store holds a \(type) that cannot be read: \(error)")
        }
    }

    /// The same text for equal sets: keys are sorted.
    static func text(ofLabels labels: [String: String]) -> String {
        // A dictionary of strings always has a JSON text.
        (try? JSONCoding.text(labels)) ?? "{}"
    }

    static func labels(in text: String) -> [String: String] {
        // A word that is no set of labels was not written as one.
        (try? JSONCoding.decode([String: String].self, from: text.utf8)) ?? [:]
    }
}
