internal import Diagnostics
internal import JSON
internal import TOML

/// What other readers of the same languages can be held against.
extension FuzzTarget {
    /// Whether ours takes `bytes`; only for the languages that others read too.
    package func takes(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .toml, .descriptor:
            (try? TOMLParser().parse(SourceText(name: "t.toml", bytes: bytes))) != nil
        case .json: (try? JSONCoding.decode(JSONValue.self, from: bytes)) != nil
        case .request, .query, .emission, .pattern, .command, .quantity: false
        }
    }

    /// Whether readers may differ about `bytes`: where ours has a limit, or the standards leave it open.
    package func mayDiffer(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .toml, .descriptor: TOMLDifferences.apply(bytes)
        case .json: JSONDifferences.apply(bytes)
        case .request, .query, .emission, .pattern, .command, .quantity: true
        }
    }
}

private enum TOMLDifferences {
    static func apply(_ bytes: [UInt8]) -> Bool {
        // TOML asks for 64 bits; Python takes as long an integer as it gets.
        if String(decoding: bytes, as: UTF8.self).firstMatch(of: /[0-9a-fA-F_]{16}/) != nil { return true }
        do throws(TOMLError) {
            _ = try TOMLParser().parse(SourceText(name: "t.toml", bytes: bytes))
            return false
        } catch {
            return error.code != .syntax && error.code != .invalidUTF8
        }
    }
}

enum JSONDifferences {
    static func apply(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        // Half a pair of surrogates is no character; Python keeps it all the same.
        return text.lowercased().contains("\\ud") || hasCommaAtTheEnd(bytes)
            || hasHugeNumber(text) || hasUnreadNumber(text) || text.hasPrefix("\u{FEFF}")
    }

    /// FoundationEssentials looks closely only at the numbers that it reads, of a key that comes twice at one.
    private static func hasUnreadNumber(_ text: String) -> Bool {
        text.firstMatch(of: /[0-9][-+]|0[0-9]/) != nil
    }

    /// Perhaps more than a double holds: whether somebody looks at it depends on whether its key comes twice.
    private static func hasHugeNumber(_ text: String) -> Bool {
        text.firstMatch(of: /[eE][+-]?[0-9]{3}|[0-9]{300}/) != nil
    }

    /// FoundationEssentials (6.3) takes a comma before the end of an object or an array.
    static func hasCommaAtTheEnd(_ bytes: [UInt8]) -> Bool {
        let dense = bytes.filter { $0 > 0x20 }
        return zip(dense, dense.dropFirst()).contains {
            $0 == UInt8(ascii: ",") && ($1 == UInt8(ascii: "}") || $1 == UInt8(ascii: "]"))
        }
    }
}
