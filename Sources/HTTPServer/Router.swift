package import HTTPMessages
internal import Runtime

/// One line of the table of routes.
package struct Route: Sendable {
    package typealias Handler = @Sendable (ServerRequest, PathParameters) async throws -> ServerResponse

    package let method: HTTPMethod
    /// `/v1/runs/{id}`: parts in braces match any one part that is not empty.
    package let pattern: String
    let parts: [Part]
    let admit: Admit
    let handler: Handler

    package typealias Admit = @Sendable (ServerRequest, PathParameters) -> Admission

    enum Part: Equatable {
        case literal(String)
        case parameter(String)

        func matches(_ segment: String) -> Bool {
            switch self {
            case .literal(let text): text == segment
            case .parameter: !segment.isEmpty
            }
        }

        /// The lower is tried first.
        var rank: Int {
            switch self {
            case .literal: 0
            case .parameter: 1
            }
        }

        /// Equal for parts that match the same segments.
        var shape: String {
            switch self {
            case .literal(let text): text
            case .parameter: "{}"
            }
        }
    }

    /// - Parameter admit: decides by a request's head, as in `HTTPServer.start`.
    package init(
        _ method: HTTPMethod, _ pattern: String,
        admit: @escaping Admit = { _, _ in .gather(most: nil) }, _ handler: @escaping Handler
    ) {
        precondition(pattern.hasPrefix("/"), "the route \(pattern) does not begin with /")
        self.method = method
        self.pattern = pattern
        self.admit = admit
        self.handler = handler
        parts = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
            part.hasPrefix("{") && part.hasSuffix("}")
                ? .parameter(String(part.dropFirst().dropLast())) : .literal(String(part))
        }
    }

    func matches(_ segments: [String]) -> Bool {
        parts.count == segments.count && zip(parts, segments).allSatisfy { $0.matches($1) }
    }

    func parameters(_ segments: [String]) -> PathParameters {
        var values: [String: String] = [:]
        for case (.parameter(let name), let value) in zip(parts, segments) { values[name] = value }
        return PathParameters(values: values, pattern: pattern)
    }
}

/// What the parts in braces of a route stood for, decoded.
package struct PathParameters: Sendable {
    let values: [String: String]
    let pattern: String

    /// The value of the part called `name`, which the route's pattern must have.
    package subscript(name: String) -> String {
        guard let value = values[name] else {
            preconditionFailure("the route \(pattern) has no part {\(name)}")
        }
        return value
    }
}

/// Finds the handler of a request by its path and method.
///
/// HEAD is answered by GET's handler where it has none of its own. Literal parts win over parts in braces.
package struct Router: Sendable {
    package let routes: [Route]
    private let onError: @Sendable (any Error, ServerRequest) -> ServerResponse

    /// - Parameter onError: the answer to what a handler throws.
    package init(
        _ routes: [Route], onError: @escaping @Sendable (any Error, ServerRequest) -> ServerResponse
    ) {
        let shapes = Set(routes.map { "\($0.method.rawValue) \($0.parts.map(\.shape))" })
        precondition(
            shapes.count == routes.count, "two routes answer the same requests: \(routes.map(\.pattern))")
        self.routes = routes.sorted { left, right in
            left.parts.map(\.rank).lexicographicallyPrecedes(right.parts.map(\.rank))
        }
        self.onError = onError
    }

    /// What becomes of a request by its head. One that no route answers has no body worth keeping.
    package func admit(_ request: ServerRequest) -> Admission {
        switch find(request) {
        case .success(let route): route.admit(request, route.parameters(request.segments))
        case .failure(let refusal): .refuse(refusal.response)
        }
    }

    /// The answer to `request`.
    package func answer(_ request: ServerRequest) async -> ServerResponse {
        let route: Route
        switch find(request) {
        case .success(let found): route = found
        case .failure(let refusal): return refusal.response
        }
        let start = ContinuousClock.now
        let response = await answer(request, by: route)
        Traffic.process.count(
            .httpIn, "\(route.method.rawValue) \(route.pattern)", took: start.duration(to: .now),
            failed: response.status >= 500)
        return response
    }

    /// The route of `request` and what its parts in braces stand for; nil where there is none for its path and method.
    package func route(of request: ServerRequest) -> (route: Route, parameters: PathParameters)? {
        (try? find(request).get()).map { ($0, $0.parameters(request.segments)) }
    }

    private func answer(_ request: ServerRequest, by route: Route) async -> ServerResponse {
        do {
            return try await route.handler(request, route.parameters(request.segments))
        } catch {
            return onError(error, request)
        }
    }

    private struct Refusal: Error { var response: ServerResponse }

    private func find(_ request: ServerRequest) -> Result<Route, Refusal> {
        let candidates = routes.filter { $0.matches(request.segments) }
        guard !candidates.isEmpty else {
            let response = ServerResponse.error(
                404, code: "not_found", message: "there is nothing at \(request.path)")
            return .failure(Refusal(response: response))
        }
        guard let route = route(for: request.method, in: candidates) else {
            return .failure(Refusal(response: Router.methodNotAllowed(request, candidates)))
        }
        return .success(route)
    }

    private func route(for method: HTTPMethod, in candidates: [Route]) -> Route? {
        candidates.first { $0.method == method }
            ?? (method == .head ? candidates.first { $0.method == .get } : nil)
    }

    private static func methodNotAllowed(_ request: ServerRequest, _ candidates: [Route]) -> ServerResponse {
        var allowed = Set(candidates.map(\.method))
        if allowed.contains(.get) { allowed.insert(.head) }
        let names = allowed.map(\.rawValue).sorted().joined(separator: ", ")
        var response = ServerResponse.error(
            405, code: "method_not_allowed",
            message: "\(request.path) takes \(names), not \(request.method.rawValue)")
        response.headers["Allow"] = names
        return response
    }
}
