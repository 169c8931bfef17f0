internal import Diagnostics
internal import FoundationEssentials

/// The names of the machine's time zone database.
enum TimeZoneNames {
    private static let folder = "/usr/share/zoneinfo"

    /// Whether `name` is a time zone. On a machine without the database every name of the right form is.
    static func isKnown(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            part.first.map { $0.isASCII && ($0.isLetter || $0.isNumber) } == true
                && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_+-".contains($0)) }
        }
        guard isPlain, name.utf8.count <= 64 else { return false }
        if name == "UTC" || !FileManager.default.fileExists(atPath: folder) { return true }
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else { return false }
        return data.starts(with: Array("TZif".utf8))
    }

    /// The zone that somebody probably meant.
    static func nearest(to name: String) -> String? {
        guard let data = FileManager.default.contents(atPath: "\(folder)/tzdata.zi") else { return nil }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        // `Z Europe/Berlin ...` is a zone, `L Europe/Berlin Europe/Stockholm` another name of one.
        let names = lines.compactMap { line -> String? in
            let words = line.split(separator: " ", maxSplits: 3)
            guard words.count > 2 else { return nil }
            return words[0] == "Z" ? String(words[1]) : words[0] == "L" ? String(words[2]) : nil
        }
        if let near = Spelling.nearest(to: name, among: names) { return near }
        // A city alone and misspelt, or in the wrong continent.
        let city = name.split(separator: "/").last.map(String.init) ?? name
        let cities = names.map { (name: $0, city: String($0.split(separator: "/").last ?? "")) }
        guard let near = Spelling.nearest(to: city, among: cities.map(\.city)) else { return nil }
        return cities.first { $0.city == near }?.name
    }
}
