import HTTPMessages
import HTTPServer
import JSON

/// What a request asks for, as the server reads its path.
struct APIRequest {
    var verb: String
    var kind: ServedKind
    var namespace: String?
    /// Empty for the whole collection.
    var name: String
    /// Empty for the object itself.
    var subresource: String
    var http: ServerRequest

    func query(_ name: String) -> String? { http.queryValue(name).flatMap { $0.isEmpty ? nil : $0 } }

    var isWatch: Bool { ["true", "1"].contains(http.queryValue("watch") ?? "") }
    var isDryRun: Bool { query("dryRun") == "All" }

}

extension APIRequest {
    /// Nil when the path leads to nothing that is served.
    init?(_ request: ServerRequest, _ kinds: [ServedKind]) {
        var parts = request.segments[...]
        let group: String
        switch parts.popFirst() {
        case "api": group = ""
        case "apis": group = parts.popFirst() ?? ""
        default: return nil
        }
        let version = parts.popFirst()
        var namespace: String?
        // `/api/v1/namespaces/a` is the namespace itself, `/api/v1/namespaces/a/pods` what is in it.
        if parts.first == "namespaces", parts.count > 2, parts.dropFirst(2).first != "status" {
            parts.removeFirst()
            namespace = parts.popFirst()
        }
        guard let plural = parts.popFirst(), parts.count <= 2,
            let kind = kinds.first(where: {
                $0.group == group && $0.version == version && $0.plural == plural
            })
        else { return nil }
        guard kind.isNamespaced || namespace == nil else { return nil }
        self.kind = kind
        self.namespace = namespace
        name = parts.popFirst() ?? ""
        subresource = parts.popFirst() ?? ""
        http = request
        guard let verb = APIRequest.verb(request, hasName: !name.isEmpty) else { return nil }
        self.verb = verb
    }

    private static func verb(_ request: ServerRequest, hasName: Bool) -> String? {
        switch request.method {
        case .get:
            if ["true", "1"].contains(request.queryValue("watch") ?? "") { return "watch" }
            return hasName ? "get" : "list"
        case .post: return "create"
        case .put: return "update"
        case .patch: return "patch"
        case .delete: return hasName ? "delete" : "deletecollection"
        case .head, .options: return nil
        }
    }
}
