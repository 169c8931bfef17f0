internal import Diagnostics
internal import JSON
internal import TOML

/// What a rule that looks at several keys works with: the values that are right by themselves, where they stand, and a list for problems.
struct RuleContext {
    /// The checked values in the descriptor's shape; defaults are not filled in.
    let values: JSONValue
    let deferred: [ShapeChecker.Deferred]
    var list: ProblemList
    private let root: TOMLTable

    init(values: JSONValue, deferred: [ShapeChecker.Deferred], list: ProblemList, root: TOMLTable) {
        self.values = values
        self.deferred = deferred
        self.list = list
        self.root = root
    }

    /// The value at a path of keys.
    func value(_ keys: String...) -> JSONValue? {
        keys.reduce(values) { value, key in value?[key] }
    }

    /// The elements of the array of tables at a path of keys.
    func elements(_ keys: String...) -> [JSONValue] {
        let found: JSONValue? = keys.reduce(values) { value, key in value?[key] }
        return found?.array ?? []
    }

    /// Whether none of `keys` is written in the table at `path`, right or wrong.
    func lacks(_ keys: Set<String>, at path: DescriptorPath) -> Bool {
        guard case .table(let table) = node(at: path)?.value else { return false }
        return !table.entries.contains { keys.contains($0.key) }
    }

    private func node(at path: DescriptorPath) -> TOMLNode? {
        path.steps.reduce(TOMLNode(.table(root), at: SourcePosition(line: 1, column: 1))) { node, step in
            switch (step, node?.value) {
            case (.key(let name), .table(let table)): table[name]?.node
            case (.index(let index), .array(let nodes)): nodes.indices.contains(index) ? nodes[index] : nil
            default: nil
            }
        }
    }

    /// Adds an error at the value of `path`, or at its key; at what is around it where it is not there.
    ///
    /// - Parameter hidesText: whether the text around the place has something in it that must not be repeated.
    mutating func refuse(
        _ code: String, _ message: String, at path: DescriptorPath, isKey: Bool = false,
        expected: String? = nil,
        suggestion: @autoclosure () -> String? = nil, note: String? = nil, hidesText: Bool = false
    ) {
        list.add(.error, at: position(of: path, isKey: isKey), hidesText: hidesText) {
            Problem(
                code: code, message: message, key: path.text, expected: expected, suggestion: suggestion(),
                note: note)
        }
    }

    /// Adds a warning, at the same places.
    mutating func warn(
        _ code: String, _ message: String, at path: DescriptorPath, isKey: Bool = false,
        expected: String? = nil,
        suggestion: @autoclosure () -> String? = nil, note: String? = nil, hidesText: Bool = false
    ) {
        list.add(.warning, at: position(of: path, isKey: isKey), hidesText: hidesText) {
            Problem(
                code: code, message: message, key: path.text, expected: expected, suggestion: suggestion(),
                note: note)
        }
    }

    /// Where the value, or the key, at `path` stands.
    private func position(of path: DescriptorPath, isKey: Bool) -> SourcePosition {
        var node = TOMLNode(.table(root), at: SourcePosition(line: 1, column: 1))
        var position = node.position
        for (number, step) in path.steps.enumerated() {
            switch (step, node.value) {
            case (.key(let name), .table(let table)):
                guard let entry = table[name] else { return position }
                node = entry.node
                position = isKey && number == path.steps.count - 1 ? entry.keyPosition : node.position
            case (.index(let index), .array(let nodes)):
                guard nodes.indices.contains(index) else { return position }
                node = nodes[index]
                position = node.position
            default: return position
            }
        }
        return position
    }
}
