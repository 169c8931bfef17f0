internal import API
internal import Diagnostics
internal import HTTPMessages
internal import HTTPServer
internal import JSON
internal import Runtime

/// A request whose parameters are known ones, with what handlers ask of it.
struct Call: Sendable {
    let request: ServerRequest
    let caller: Caller
    private let path: PathParameters
    private let now: Timestamp

    /// - Throws: `invalidRequest` for a query parameter that the operation does not have, or that comes twice and may not.
    init(
        _ request: ServerRequest, _ path: PathParameters, of operation: Operation, by caller: Caller,
        now: Timestamp
    ) throws(APIError) {
        self.request = request
        self.caller = caller
        self.path = path
        self.now = now
        let known = operation.parameters.filter { $0.place == .query }
        for item in request.query {
            guard let parameter = known.first(where: { $0.name == item.name }) else {
                throw Call.unknown(item.name, of: operation, known.map(\.name))
            }
            if !parameter.isRepeated, request.query.filter({ $0.name == item.name }).count > 1 {
                throw APIError(.invalidRequest, "parameter '\(item.name)' may come once only")
            }
        }
    }

    private static func unknown(_ name: String, of operation: Operation, _ known: [String]) -> APIError {
        var message = "\(operation.method.rawValue) \(operation.path) has no parameter '\(name)'"
        if let near = Spelling.nearest(to: name, among: known) {
            message += ": did you mean '\(near)'?"
        } else {
            message +=
                known.isEmpty ? ": it takes none" : ": it takes \(known.sorted().joined(separator: ", "))"
        }
        return APIError(.invalidRequest, message)
    }

    /// What the part of the path called `name` was.
    func part(_ name: String) -> String { path[name] }

    /// Whether the client is a process of this machine.
    var isLocal: Bool {
        guard caller == .local, case .process = request.peer else { return false }
        return true
    }

    /// A parameter that is a text; nil where it is missing or empty.
    func text(_ name: String) -> String? {
        request.queryValue(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// All values of a parameter that may come several times; also separated by commas.
    func texts(_ name: String) -> [String] {
        request.query.filter { $0.name == name }.flatMap { $0.value.split(separator: ",").map(String.init) }
    }

    /// A whole number within `range`; `fallback` where it is missing.
    func integer(_ name: String, in range: ClosedRange<Int>, or fallback: Int) throws(APIError) -> Int {
        try integer(name, in: range) ?? fallback
    }

    /// A whole number within `range`; nil where it is missing.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            let bounds =
                range.upperBound == .max
                ? "from \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw APIError(.invalidRequest, "\(name) must be a whole number \(bounds), not '\(text)'")
        }
        return value
    }

    /// `true` or `false`; false where it is missing.
    func flag(_ name: String) throws(APIError) -> Bool {
        switch request.queryValue(name) {
        case nil, "false", "0": return false
        case "true", "1", "": return true
        case .some(let text): throw APIError(.invalidRequest, "\(name) must be true or false, not '\(text)'")
        }
    }

    /// A point in time: milliseconds since 1970, ISO 8601, or how long ago (`90s`, `1h30m`).
    func time(_ name: String) throws(APIError) -> Timestamp? {
        guard let text = text(name) else { return nil }
        if let time = Timestamp(asked: text, now: now) { return time }
        throw APIError(
            .invalidRequest,
            "\(name) must be milliseconds since 1970, a time such as 2025-11-21T08:00:00Z, or how long ago such as 1h30m, not '\(text)'"
        )
    }

    /// Values of an enumeration, in any case.
    func cases<Value: RawRepresentable & CaseIterable>(
        _ name: String, of type: Value.Type = Value.self
    ) throws(APIError) -> [Value] where Value.RawValue == String {
        var values: [Value] = []
        for text in texts(name) {
            guard let value = Value.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() })
            else {
                let known = Value.allCases.map(\.rawValue)
                let near = Spelling.nearest(to: text, among: known).map { ": did you mean '\($0)'?" }
                throw APIError(
                    .invalidRequest,
                    "'\(text)' is no \(name)\(near ?? ": it must be one of \(known.joined(separator: ", "))")"
                )
            }
            values.append(value)
        }
        return values
    }

    /// The body, which has no members but those of `keys`: a misspelt one would silently do something else.
    func body<Value: Decodable>(
        _ type: Value.Type, keys: [String]
    ) throws(APIError) -> Value {
        do {
            let tree = try JSONValue(parsing: request.body)
            guard let members = tree.object else {
                throw APIError(.invalidRequest, "the body must be a JSON object")
            }
            for name in members.keys.sorted() where !keys.contains(name) {
                let near = Spelling.nearest(to: name, among: keys).map { ": did you mean '\($0)'?" }
                throw APIError(
                    .invalidRequest,
                    "the body has an unknown member '\(name)'\(near ?? ": it takes \(keys.sorted().joined(separator: ", "))")"
                )
            }
            return try tree.decoded(as: type)
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.invalidRequest, "the body is not the JSON that is expected: \(error)")
        }
    }

    /// The media type that the client prefers of those offered; the first where it does not mind.
    func preferredType(of offered: [String]) -> String {
        let accepted = request.headers.values(of: "Accept").flatMap { $0.split(separator: ",") }
            .map { $0.prefix { $0 != ";" }.filter { $0 != " " }.lowercased() }
        for type in accepted {
            if let match = offered.first(where: { $0 == type }) { return match }
        }
        return offered[0]
    }
}
