import JSON

/// Changes of trees by the two kinds of patch that are standards.
enum TreePatch {
    /// RFC 7386.
    static func merge(_ change: JSONValue, onto target: JSONValue) -> JSONValue {
        guard case .object(let members) = change else { return change }
        var result = target.object ?? [:]
        for (name, value) in members {
            result[name] = value == .null ? nil : merge(value, onto: result[name] ?? .null)
        }
        return .object(result)
    }

    /// RFC 6902.
    static func apply(_ steps: JSONValue, to target: JSONValue) throws(APIFailure) -> JSONValue {
        guard let steps = steps.array else { throw .badRequest("error decoding patch: it is no list") }
        var result = target
        for step in steps {
            let path = try pointer(step["path"]?.string)
            switch step["op"]?.string {
            case "add": result = try setting(result, path[...], step["value"] ?? .null, inserts: true)
            case "replace":
                guard value(result, path) != nil else {
                    throw wrong("replace operation does not apply: \(step["path"]?.string ?? "")")
                }
                result = try setting(result, path[...], step["value"] ?? .null, inserts: false)
            case "remove":
                guard value(result, path) != nil else {
                    throw wrong(
                        "remove operation does not apply: Unable to remove nonexistent key: \(path.last ?? "")"
                    )
                }
                result = try setting(result, path[...], nil, inserts: false)
            case "test":
                guard value(result, path) == step["value"] else {
                    throw wrong("testing path \(step["path"]?.string ?? "") failed: test failed")
                }
            default: throw .badRequest("Unexpected kind: \(step["op"]?.string ?? "")")
            }
        }
        return result
    }

    private static func wrong(_ words: String) -> APIFailure {
        APIFailure(
            code: 422, reason: "Invalid",
            message: "the server rejected our request due to an error in our request",
            details: ["causes": [["message": .string(words)]]])
    }

    private static func pointer(_ text: String?) throws(APIFailure) -> [String] {
        guard let text, text.isEmpty || text.hasPrefix("/") else {
            throw .badRequest("a path of a JSON patch begins with /")
        }
        return text.dropFirst().isEmpty
            ? []
            : text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
                $0.replacing("~1", with: "/").replacing("~0", with: "~")
            }.map(String.init)
    }

    private static func value(_ tree: JSONValue, _ path: [String]) -> JSONValue? {
        path.reduce(Optional(tree)) { tree, part in
            if let array = tree?.array {
                return Int(part).flatMap { array.indices.contains($0) ? array[$0] : nil }
            }
            return tree?[part]
        }
    }

    /// `tree` with `value` at `path`; nil removes what is there.
    private static func setting(
        _ tree: JSONValue, _ path: ArraySlice<String>, _ value: JSONValue?, inserts: Bool
    ) throws(APIFailure) -> JSONValue {
        guard let first = path.first else { return value ?? .null }
        let rest = path.dropFirst()
        if var array = tree.array {
            guard let index = first == "-" ? array.count : Int(first), index >= 0,
                index < array.count || (index == array.count && inserts && rest.isEmpty)
            else { throw wrong("the index \(first) is outside of the array") }
            if !rest.isEmpty {
                array[index] = try setting(array[index], rest, value, inserts: inserts)
            } else if let value, inserts {
                array.insert(value, at: index)
            } else if let value {
                array[index] = value
            } else {
                array.remove(at: index)
            }
            return .array(array)
        }
        guard var members = tree.object else { throw wrong("there is nothing at \(first)") }
        if rest.isEmpty {
            members[first] = value
        } else {
            guard let child = members[first] else { throw wrong("there is nothing at \(first)") }
            members[first] = try setting(child, rest, value, inserts: inserts)
        }
        return .object(members)
    }
}
