internal import Diagnostics
internal import JSON
internal import TOML

/// Holds a TOML tree against the table of keys: unknown and missing keys, types, ranges, words and the form of strings.
///
/// What is right becomes JSON in the descriptor's shape; what is wrong becomes a problem and is left out.
struct ShapeChecker {
    /// A string with `${matrix.…}` in it: what it has to look like is looked at once the values stand in it.
    struct Deferred {
        var path: DescriptorPath
        var position: SourcePosition
        var text: String
        var rule: TextRule
    }

    private(set) var list: ProblemList
    private(set) var deferred: [Deferred] = []
    /// Whether everything could be read, so that a missing key is really missing.
    private let isWhole: Bool
    private let hasMatrix: Bool

    init(_ root: TOMLTable, list: ProblemList, isWhole: Bool) {
        self.list = list
        self.isWhole = isWhole
        hasMatrix = root["matrix"] != nil
    }

    /// The values of `table` that are right.
    mutating func check(
        _ table: TOMLTable, keys: [DescriptorKey], at path: DescriptorPath, position: SourcePosition
    ) -> JSONValue {
        var values: [String: JSONValue] = [:]
        var misspelt: Set<String> = []
        let missing = keys.map(\.name).filter { table[$0] == nil }
        for entry in table.entries {
            if let key = keys.first(where: { $0.name == entry.key }) {
                values[key.name] = check(entry.node, key.kind, at: path.key(key.name))
            } else {
                let guess = list.isFull ? nil : KeySuggestion.sibling(of: entry, in: keys, missing: missing)
                if let guess { misspelt.insert(guess) }
                report(unknown: entry, guess: guess, keys: keys, at: path)
            }
        }
        for key in keys where key.isRequired && table[key.name] == nil && !misspelt.contains(key.name) {
            report(missing: key, at: path, position: position)
        }
        return .object(values)
    }

    /// The value of `node`, if it is right.
    mutating func check(_ node: TOMLNode, _ kind: KeyKind, at path: DescriptorPath) -> JSONValue? {
        switch (kind, node.value) {
        case (.text(let rule), .string(let text)): check(text, rule, at: path, node.position)
        case (.choice(let words, let ignoringCase), .string(let text)):
            check(text, words: words, ignoringCase, at: path, node.position)
        case (.duration, .string(let text)), (.size, .string(let text)), (.percentage, .string(let text)):
            check(text, quantity: kind, at: path, node.position)
        case (.integer(let range), .integer(let number)):
            range.contains(number) ? .integer(number) : refuse(outOfRange: node, kind, at: path)
        case (.number, .integer(let number)): .number(Double(number))
        case (.number, .float(let number)):
            number.isFinite ? .number(number) : refuse(outOfRange: node, kind, at: path)
        case (.boolean, .boolean(let value)): .bool(value)
        case (.list(let element, let count), .array(let nodes)): check(nodes, element, count, at: path, node)
        case (.table(let keys), .table(let table)):
            check(table, keys: keys, at: path, position: node.position)
        case (.tables(let keys), .array(let nodes)): check(nodes, .table(keys), 0...1000, at: path, node)
        case (.texts(let key, let value, let limit), .table(let table)):
            check(table, key: key, value: value, limit: limit, at: path, node.position)
        case (.anything, .table): node.value.json
        case (.matrix, .table(let table)): check(matrix: table, at: path)
        default: refuse(type: node, kind, at: path)
        }
    }

    // MARK: - Strings

    private mutating func check(
        _ text: String, _ rule: TextRule, at path: DescriptorPath, _ position: SourcePosition
    ) -> JSONValue? {
        if text.unicodeScalars.contains("\0") {
            list.add(at: position) {
                Problem(code: "nul_character", message: "\(path.text) holds a zero byte", key: path.text)
            }
            return nil
        }
        if hasMatrix, MatrixReference.isIn(text) {
            deferred.append(Deferred(path: path, position: position, text: text, rule: rule))
            return .string(text)
        }
        guard let fault = rule.fault(text) else { return rule.value(text).map(JSONValue.string) }
        list.add(at: position) { rule.problem(fault, text, at: path) }
        return nil
    }

    private mutating func check(
        _ text: String, words: [String], _ ignoringCase: Bool, at path: DescriptorPath,
        _ position: SourcePosition
    ) -> JSONValue? {
        let word = ignoringCase ? text.lowercased() : text
        if words.contains(word) { return .string(word) }
        list.add(at: position) {
            Problem(
                code: "unknown_value", message: "\(path.text) is \(Excerpt.quote(text))", key: path.text,
                expected: KeyKind.choice(words).expected,
                suggestion: Spelling.nearest(to: text, among: words).map { "\"\($0)\"" },
                note: MatrixReference.note(text))
        }
        return nil
    }

    private mutating func check(
        _ text: String, quantity kind: KeyKind, at path: DescriptorPath, _ position: SourcePosition
    ) -> JSONValue? {
        let verdict = Quantity.check(text, kind)
        guard verdict != .right else { return .string(text) }
        list.add(at: position) {
            Problem(
                code: verdict == .outOfRange ? "out_of_range" : "bad_quantity",
                message: "\(path.text) is \(Excerpt.quote(text))", key: path.text, expected: kind.expected,
                suggestion: Quantity.suggestion(text, kind), note: MatrixReference.note(text))
        }
        return nil
    }

    private mutating func check(
        _ table: TOMLTable, key: TextRule, value: TextRule, limit: Int, at path: DescriptorPath,
        _ position: SourcePosition
    ) -> JSONValue {
        var values: [String: JSONValue] = [:]
        if table.entries.count > limit {
            list.add(at: position) {
                Problem(
                    code: "too_many", message: "\(path.text) has \(table.entries.count) entries",
                    key: path.text,
                    expected: "at most \(limit)")
            }
        }
        for entry in table.entries {
            let path = path.key(entry.key)
            if let fault = key.fault(entry.key) {
                list.add(at: entry.keyPosition) { key.problem(fault, entry.key, at: path, isName: true) }
            }
            values[entry.key] = check(entry.node, .text(value), at: path)
        }
        return .object(values)
    }

    // MARK: - Arrays

    private mutating func check(
        _ nodes: [TOMLNode], _ element: KeyKind, _ count: ClosedRange<Int>, at path: DescriptorPath,
        _ node: TOMLNode
    ) -> JSONValue? {
        guard count.contains(nodes.count) else {
            list.add(at: node.position) {
                Problem(
                    code: nodes.isEmpty ? "empty" : "too_many",
                    message: nodes.isEmpty
                        ? "\(path.text) is empty" : "\(path.text) has \(nodes.count) elements",
                    key: path.text, expected: "\(count.lowerBound) to \(count.upperBound) elements")
            }
            return nil
        }
        return .array(nodes.enumerated().compactMap { check($1, element, at: path.index($0)) })
    }

    // MARK: - Refusals

    private mutating func refuse(type node: TOMLNode, _ kind: KeyKind, at path: DescriptorPath) -> JSONValue?
    {
        list.add(at: node.position) {
            Problem(
                code: "wrong_type", message: "\(path.text) is \(node.value.kind)", key: path.text,
                expected: kind.expected,
                suggestion: KeySuggestion.value(node.value, kind, at: path))
        }
        return nil
    }

    private mutating func refuse(outOfRange node: TOMLNode, _ kind: KeyKind, at path: DescriptorPath)
        -> JSONValue?
    {
        list.add(at: node.position) {
            Problem(
                code: "out_of_range", message: "\(path.text) is \(node.value.text)", key: path.text,
                expected: kind.expected)
        }
        return nil
    }

    private mutating func report(
        unknown entry: TOMLEntry, guess: String?, keys: [DescriptorKey], at path: DescriptorPath
    ) {
        list.add(at: entry.keyPosition) {
            let place = path.steps.isEmpty ? "" : " in \(path.header)"
            let guess = guess ?? KeySuggestion.elsewhere(entry.key, near: path)
            let others = "one of " + keys.map(\.name).sorted().joined(separator: ", ")
            return Problem(
                code: "unknown_key", message: "unknown key \(Excerpt.quote(entry.key))\(place)",
                key: path.key(entry.key).text, expected: guess == nil ? others : nil,
                suggestion: guess)
        }
    }

    private mutating func report(
        missing key: DescriptorKey, at path: DescriptorPath, position: SourcePosition
    ) {
        guard isWhole else { return }
        if case .table(let keys) = key.kind {
            // A missing table is told by the keys that it would need.
            for inner in keys where inner.isRequired {
                report(missing: inner, at: path.key(key.name), position: position)
            }
            return
        }
        list.add(at: position) {
            let place = path.steps.isEmpty ? "at the top of the file" : "under \(path.header)"
            let line = "\(key.name) = \(key.example ?? "...")"
            return Problem(
                code: "missing_key", message: "\(path.key(key.name).text) is missing",
                key: path.key(key.name).text,
                expected: key.kind.expected, note: "\(place), for example: \(line)")
        }
    }
}

// MARK: - The matrix

extension ShapeChecker {
    /// The axes with their values, and include and exclude.
    private mutating func check(matrix table: TOMLTable, at path: DescriptorPath) -> JSONValue {
        var values: [String: JSONValue] = [:]
        for entry in table.entries {
            let path = path.key(entry.key)
            switch (entry.key, entry.node.value) {
            case ("include", .array(let rows)), ("exclude", .array(let rows)):
                values[entry.key] = .array(
                    rows.enumerated().compactMap { check(row: $1, at: path.index($0)) })
            case ("include", _), ("exclude", _): _ = refuse(type: entry.node, .tables([]), at: path)
            case (_, .array(let nodes)):
                checkAxisName(entry, at: path)
                if nodes.isEmpty {
                    _ = check(nodes, .boolean, 1...MatrixExpansion.limit, at: path, entry.node)
                }
                values[entry.key] = .array(
                    nodes.enumerated().compactMap { check(scalar: $1, at: path.index($0)) })
            default:
                list.add(at: entry.node.position) {
                    Problem(
                        code: "wrong_type", message: "\(path.text) is \(entry.node.value.kind)",
                        key: path.text,
                        expected: "an array of the axis' values",
                        suggestion: entry.node.value.scalarText.map { "[\($0)]" })
                }
            }
        }
        return .object(values)
    }

    private mutating func check(row node: TOMLNode, at path: DescriptorPath) -> JSONValue? {
        guard case .table(let table) = node.value else { return refuse(type: node, .table([]), at: path) }
        var values: [String: JSONValue] = [:]
        for entry in table.entries {
            checkAxisName(entry, at: path.key(entry.key))
            values[entry.key] = check(scalar: entry.node, at: path.key(entry.key))
        }
        return .object(values)
    }

    private mutating func check(scalar node: TOMLNode, at path: DescriptorPath) -> JSONValue? {
        switch node.value {
        case .string, .integer, .boolean: return node.value.json
        case .float(let number) where number.isFinite: return node.value.json
        case .float, .date, .array, .table:
            list.add(at: node.position) {
                Problem(
                    code: "wrong_type", message: "\(path.text) is \(node.value.kind)", key: path.text,
                    expected: "a string, a finite number or a boolean")
            }
            return nil
        }
    }

    private mutating func checkAxisName(_ entry: TOMLEntry, at path: DescriptorPath) {
        guard let fault = TextRule.axisName.fault(entry.key) else { return }
        list.add(at: entry.keyPosition) {
            TextRule.axisName.problem(fault, entry.key, at: path, isName: true)
        }
    }
}

extension TextRule {
    /// The name of an axis: also the name of a label, and of a variable once `BAI_MATRIX_` stands before it.
    fileprivate static let axisName = TextRule(
        code: "bad_axis", expected: "a letter, then letters, digits and '_', at most 40",
        fault: { name in
            let isPlain =
                name.utf8.allSatisfy { $0 < 0x80 }
                && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
            let isRight = isPlain && name.first?.isLetter == true && name.last != "_" && name.utf8.count <= 40
            return isRight ? nil : TextFault("is not allowed")
        })

    /// The problem of a string, or of a name, that is not as it has to be.
    func problem(_ fault: TextFault, _ text: String, at path: DescriptorPath, isName: Bool = false) -> Problem
    {
        let subject =
            isName ? "the name \(Excerpt.quote(text))" : "\(path.text) is \(Excerpt.quote(text)), which"
        return Problem(
            code: code, message: "\(subject) \(fault.message)", key: path.text, expected: expected,
            suggestion: fault.suggestion)
    }
}
