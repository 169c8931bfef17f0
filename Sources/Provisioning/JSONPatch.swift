internal import JSON

/// The steps of RFC 6902 that change one place: `add`, `replace`, `remove`.
enum JSONPatch {
    /// Why a step cannot be made, with its path.
    struct Failure: Error, Equatable {
        var message: String
    }

    static func apply(_ steps: [JSONValue], to tree: JSONValue) throws(Failure) -> JSONValue {
        var tree = tree
        for step in steps {
            guard let path = step["path"]?.string, path.hasPrefix("/"), let operation = step["op"]?.string
            else {
                throw Failure(message: "a step must have an op, and a path that begins with /")
            }
            let tokens = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
                String($0.replacing("~1", with: "/").replacing("~0", with: "~"))
            }
            let value = step["value"]
            switch (operation, value) {
            case ("add", let value?), ("replace", let value?):
                let isThere = operation == "replace"
                tree = try change(tree, tokens[...], path) { old throws(Failure) in
                    guard old != nil || !isThere else {
                        throw Failure(message: "\(path) is not there to be replaced")
                    }
                    return value
                }
            case ("remove", _):
                tree = try change(tree, tokens[...], path) { old throws(Failure) in
                    guard old != nil else { throw Failure(message: "\(path) is not there to be removed") }
                    return nil
                }
            default:
                throw Failure(
                    message: "\(path): \(operation) is not understood, only add, replace and remove")
            }
        }
        return tree
    }

    /// `tree` with the value at `tokens` changed; nil takes it away. A new element goes to the end of a list, as `-` says.
    private static func change(
        _ tree: JSONValue, _ tokens: ArraySlice<String>, _ path: String,
        _ body: (JSONValue?) throws(Failure) -> JSONValue?
    ) throws(Failure) -> JSONValue {
        guard let token = tokens.first else { return try body(tree) ?? .null }
        let isLast = tokens.count == 1
        switch tree {
        case .object(var members):
            if isLast {
                members[token] = try body(members[token])
            } else {
                guard let member = members[token] else {
                    throw Failure(message: "\(path): \(token) is not there")
                }
                members[token] = try change(member, tokens.dropFirst(), path, body)
            }
            return .object(members)
        case .array(var values):
            if token == "-", isLast {
                if let value = try body(.null) { values.append(value) }
                return .array(values)
            }
            guard let index = Int(token), values.indices.contains(index) else {
                throw Failure(message: "\(path): there is no element \(token)")
            }
            if isLast {
                if let value = try body(values[index]) {
                    values[index] = value
                } else {
                    values.remove(at: index)
                }
            } else {
                values[index] = try change(values[index], tokens.dropFirst(), path, body)
            }
            return .array(values)
        default: throw Failure(message: "\(path): \(token) is in no object and no list")
        }
    }
}
