import HTTPMessages
import HTTPServer
import JSON
import Runtime

extension KubernetesStandIn {
    /// The answer to a request, or what a fault makes of it.
    func answer(_ request: ServerRequest) async -> ServerResponse {
        let action = state.withLock { state in
            state.requests.append("\(request.method.rawValue) \(request.path)")
            return state.takeFault(for: request)
        }
        switch action {
        case nil: return served(request)
        case .refuse(let status, let retryAfter): return Self.refusal(status, retryAfter)
        case .page(let status, let text): return .text(text, status: status, type: "text/html")
        case .hang:
            await Self.untilCancelled()
            return ServerResponse(status: 503)
        case .breakOff: return Self.broken
        case .loseAnswer:
            _ = served(request)
            return Self.broken
        case .delay(let duration):
            // The fault itself, not a wait for something.
            try? await Task.sleep(for: duration)
            return served(request)
        }
    }

    /// A connection that breaks: the head says that more comes, and it does not.
    private static var broken: ServerResponse {
        .stream(type: "application/json") { _ in throw CancellationError() }
    }

    private static func untilCancelled() async {
        let (never, continuation) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
        continuation.finish()
    }

    private static func refusal(_ status: Int, _ retryAfter: Int?) -> ServerResponse {
        let (reason, message) =
            switch status {
            case 429: ("TooManyRequests", "Too many requests, please try again later.")
            case 503: ("ServiceUnavailable", "the server is currently unable to handle the request")
            case 504: ("Timeout", "Timeout: request did not complete within the requested timeout")
            default: ("InternalError", "Internal error occurred: etcdserver: leader changed")
            }
        return APIFailure(code: status, reason: reason, message: message, retryAfter: retryAfter).response
    }

    private func served(_ request: ServerRequest) -> ServerResponse {
        do throws(APIFailure) {
            return try route(request)
        } catch {
            return error.response
        }
    }

    private func route(_ request: ServerRequest) throws(APIFailure) -> ServerResponse {
        switch request.path {
        case "/healthz", "/livez", "/readyz": return .text("ok")
        default: break
        }
        let user = try state.withLock { state throws(APIFailure) in try state.user(of: request) }
        if let discovery = discovery(request) { return discovery }
        if request.path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" {
            return try review(request, user)
        }
        let kinds = state.withLock { $0.kinds }
        guard let call = APIRequest(request, kinds) else {
            return .text("404 page not found\n", status: 404)
        }
        // Under the lock: a copy that lives on would have to be kept apart from the next change.
        try state.withLock { state throws(APIFailure) in try Access(cluster: state.cluster).check(user, call)
        }
        return try serve(call)
    }

    // MARK: Discovery

    private func discovery(_ request: ServerRequest) -> ServerResponse? {
        guard request.method == .get else { return nil }
        let kinds = state.withLock { $0.kinds }
        switch request.segments {
        case ["version"]:
            return Self.json([
                "major": "1", "minor": "33", "gitVersion": "v1.33.1", "platform": "linux/amd64",
            ])
        case ["api"]: return Self.json(["kind": "APIVersions", "versions": ["v1"]])
        case ["apis"]:
            let groups = Set(kinds.map(\.group)).subtracting([""]).sorted().map { group -> JSONValue in
                let versions = Set(kinds.filter { $0.group == group }.map(\.version)).sorted().map {
                    version -> JSONValue in
                    ["groupVersion": .string("\(group)/\(version)"), "version": .string(version)]
                }
                return [
                    "name": .string(group), "versions": .array(versions),
                    "preferredVersion": versions.last ?? [:],
                ]
            }
            return Self.json(["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups)])
        case ["api", "v1"]: return resourceList(kinds.filter { $0.group.isEmpty }, "v1")
        case let parts where parts.count == 3 && parts[0] == "apis":
            let served = kinds.filter { $0.group == parts[1] && $0.version == parts[2] }
            return served.isEmpty ? nil : resourceList(served, "\(parts[1])/\(parts[2])")
        default: return nil
        }
    }

    private func resourceList(_ kinds: [ServedKind], _ version: String) -> ServerResponse {
        let verbs: JSONValue = [
            "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
        ]
        let resources = kinds.map { kind -> JSONValue in
            [
                "name": .string(kind.plural), "singularName": .string(kind.kind.lowercased()),
                "namespaced": .bool(kind.isNamespaced), "kind": .string(kind.kind), "verbs": verbs,
            ]
        }
        return Self.json([
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(version),
            "resources": .array(resources),
        ])
    }

    /// What somebody may do, asked by themselves.
    private func review(_ request: ServerRequest, _ user: StandInUser) throws(APIFailure) -> ServerResponse {
        guard var review = try? JSONValue(parsing: request.body) else {
            throw .badRequest("the body is not JSON")
        }
        let wanted = review["spec"]?["resourceAttributes"]
        let (kinds, cluster) = state.withLock { ($0.kinds, $0.cluster) }
        let kind = kinds.first {
            $0.plural == wanted?["resource"]?.string && $0.group == wanted?["group"]?.string ?? ""
        }
        let isAllowed =
            kind.map {
                Access(cluster: cluster).allows(
                    user, wanted?["verb"]?.string ?? "", $0,
                    subresource: wanted?["subresource"]?.string ?? "",
                    namespace: wanted?["namespace"]?.string, name: wanted?["name"]?.string ?? "")
            } ?? false
        review["metadata"] = ["creationTimestamp": .null]
        review["status"] = ["allowed": .bool(isAllowed)]
        return Self.json(review, status: 201)
    }

    // MARK: Verbs

    private func serve(_ request: APIRequest) throws(APIFailure) -> ServerResponse {
        if request.subresource == "log", request.kind == .pod { return try log(request) }
        guard request.subresource.isEmpty || (request.subresource == "status" && request.kind.hasStatus)
        else {
            throw APIFailure(
                code: 404, reason: "NotFound", message: "the server could not find the requested resource",
                details: [:])
        }
        switch request.verb {
        case "get": return Self.json(try stored(request))
        case "list": return try list(request)
        case "watch": return try watch(request)
        case "create": return try create(request)
        case "update": return try update(request)
        case "patch": return try patch(request)
        case "delete": return try delete(request)
        default:
            throw APIFailure(
                code: 405, reason: "MethodNotAllowed",
                message: "the server does not allow this method on the requested resource")
        }
    }

    static func json(_ value: JSONValue, status: Int = 200, warnings: [String] = []) -> ServerResponse {
        var response = ServerResponse(
            status: status, headers: ["Content-Type": "application/json"], body: .bytes(value.bytes))
        for warning in warnings {
            response.headers.add("Warning", "299 - \"\(warning.replacing("\"", with: "'"))\"")
        }
        return response
    }

    private func stored(_ request: APIRequest) throws(APIFailure) -> JSONValue {
        try state.withLock { state throws(APIFailure) in try Self.stored(request, state.cluster) }
    }

    private static func stored(_ request: APIRequest, _ cluster: Cluster) throws(APIFailure) -> JSONValue {
        guard let object = cluster.object(request.kind, request.namespace, request.name) else {
            throw .notFound(request.kind, request.name)
        }
        return object
    }

    private static func body(_ request: APIRequest, _ types: Set<String> = ["application/json"])
        throws(APIFailure) -> JSONValue
    {
        let type = String((request.http.headers["Content-Type"] ?? "").prefix { $0 != ";" })
        guard types.contains(type) else {
            throw APIFailure(
                code: 415, reason: "UnsupportedMediaType",
                message:
                    "the body of the request was in an unknown format - accepted media types include: \(types.sorted().joined(separator: ", "))"
            )
        }
        guard let value = try? JSONValue(parsing: request.http.body) else {
            throw .badRequest("couldn't get version/kind; json parse error")
        }
        // What etcd takes: a mebibyte and a half.
        guard request.http.body.count <= 1_572_864 else {
            throw APIFailure(
                code: 413, reason: "RequestEntityTooLarge",
                message: "Request entity too large: limit is 3145728")
        }
        return value
    }

    private static func manager(_ request: APIRequest) -> String {
        request.query("fieldManager")
            ?? String((request.http.headers["User-Agent"] ?? "unknown").prefix { $0 != "/" })
    }

    private func create(_ request: APIRequest) throws(APIFailure) -> ServerResponse {
        guard request.name.isEmpty else {
            throw APIFailure(
                code: 405, reason: "MethodNotAllowed",
                message: "the server does not allow this method on the requested resource")
        }
        let body = try Self.body(request)
        var warnings: [String] = []
        let object = try change { state throws(APIFailure) in
            let decoded = try state.cluster.decode(body, request, warnings: &warnings)
            return try state.cluster.create(
                decoded, request, manager: Self.manager(request), now: WallClock.nowText)
        }
        return Self.json(object, status: 201, warnings: warnings)
    }

    private func update(_ request: APIRequest) throws(APIFailure) -> ServerResponse {
        let body = try Self.body(request)
        var warnings: [String] = []
        let object = try change { state throws(APIFailure) in
            let decoded = try state.cluster.decode(body, request, warnings: &warnings)
            guard decoded.name == request.name else {
                throw .badRequest(
                    "the name of the object (\(decoded.name)) does not match the name on the URL (\(request.name))"
                )
            }
            let old = try Self.stored(request, state.cluster)
            return try state.cluster.replace(
                old, by: decoded, request, manager: Self.manager(request), now: WallClock.nowText)
        }
        return Self.json(object, warnings: warnings)
    }

    private func patch(_ request: APIRequest) throws(APIFailure) -> ServerResponse {
        let body = try Self.body(
            request,
            ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"])
        if request.http.headers["Content-Type"]?.hasPrefix("application/apply-patch") == true {
            return try apply(body, request)
        }
        var warnings: [String] = []
        let object = try change { state throws(APIFailure) in
            let old = try Self.stored(request, state.cluster)
            let patched =
                request.http.headers["Content-Type"]?.hasPrefix("application/json-patch") == true
                ? try TreePatch.apply(body, to: old) : TreePatch.merge(body, onto: old)
            let decoded = try state.cluster.decode(patched, request, warnings: &warnings)
            return try state.cluster.replace(
                old, by: decoded, request, manager: Self.manager(request), now: WallClock.nowText)
        }
        return Self.json(object, warnings: warnings)
    }

    private func apply(_ body: JSONValue, _ request: APIRequest) throws(APIFailure) -> ServerResponse {
        guard let manager = request.query("fieldManager") else {
            throw APIFailure(
                code: 422, reason: "Invalid",
                message:
                    "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"
            )
        }
        guard body["metadata"]?["managedFields"] == nil else {
            throw .badRequest("metadata.managedFields must be nil")
        }
        guard body.name == request.name else {
            throw .badRequest("metadata.name must match the name on the URL: \(request.name)")
        }
        let isForced = request.query("force") == "true"
        var warnings: [String] = []
        var isNew = false
        let object = try change { state throws(APIFailure) in
            let decoded = try state.cluster.decode(body, request, warnings: &warnings)
            let old = state.cluster.object(request.kind, request.namespace, request.name)
            let now = WallClock.nowText
            if let old, let version = body["metadata"]?["resourceVersion"]?.string,
                version != old["metadata"]?["resourceVersion"]?.string
            {
                throw .stale(request.kind, request.name)
            }
            isNew = old == nil
            guard let old else {
                var created = try state.cluster.create(decoded, request, manager: manager, now: now)
                var management = FieldManagement(of: [:])
                _ = try management.apply(
                    decoded, to: created, by: manager, request.kind.apiVersion, force: true, subresource: nil,
                    time: now)
                management.write(into: &created)
                return request.isDryRun ? created : state.cluster.put(request.kind, created)
            }
            var management = FieldManagement(of: old)
            let part = request.subresource.isEmpty ? nil : request.subresource
            let merged = try management.apply(
                decoded, to: old, by: manager, request.kind.apiVersion, force: isForced, subresource: part,
                time: now)
            return try state.cluster.replace(
                old, by: merged, request, manager: manager, now: now, management: management)
        }
        return Self.json(object, status: isNew ? 201 : 200, warnings: warnings)
    }

    private func delete(_ request: APIRequest) throws(APIFailure) -> ServerResponse {
        var options: JSONValue = [:]
        if !request.http.body.isEmpty { options = try Self.body(request) }
        for name in ["propagationPolicy", "gracePeriodSeconds"] where options[name] == nil {
            options[name] = request.query(name).map { text in
                Int64(text).map { .integer($0) } ?? .string(text)
            }
        }
        if request.isDryRun { options["dryRun"] = ["All"] }
        let (object, isGone) = try change { state throws(APIFailure) in
            let object = try Self.stored(request, state.cluster)
            return try state.cluster.delete(object, request.kind, options: options, now: WallClock.nowText)
        }
        // Pods and whatever stays for a while are answered as they are, what is gone by a Status.
        guard isGone, request.kind != .pod else { return Self.json(object) }
        return Self.json([
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
            "details": [
                "name": .string(request.name), "group": .string(request.kind.group),
                "kind": .string(request.kind.plural), "uid": .string(object.uid),
            ],
        ])
    }
}
