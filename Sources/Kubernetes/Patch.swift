internal import HTTPMessages
package import JSON

/// A change of an object.
package struct Patch: Sendable {
    let contentType: String
    let body: [UInt8]
    let query: [QueryItem]
    /// Whether doing it twice is doing it once.
    let isRepeatable: Bool

    /// Members replace members, null removes them (RFC 7386). An array replaces an array.
    package static func merge(_ change: JSONValue) -> Patch {
        Patch(
            contentType: "application/merge-patch+json", body: change.bytes,
            query: [QueryItem("fieldManager", "benchmark-ai")], isRepeatable: true)
    }

    /// Steps (RFC 6902). Tried again only when the first step is a `test`, which a second time would fail.
    package static func steps(_ steps: [JSONValue]) -> Patch {
        Patch(
            contentType: "application/json-patch+json", body: JSONValue.array(steps).bytes,
            query: [QueryItem("fieldManager", "benchmark-ai")],
            isRepeatable: steps.first?["op"] == "test")
    }

    /// Server-side apply: see `Resources.apply`.
    static func apply(_ object: JSONValue, manager: String, force: Bool) -> Patch {
        // JSON is YAML; servers below 1.30 know only this name for it.
        Patch(
            contentType: "application/apply-patch+yaml", body: object.bytes,
            query: [QueryItem("fieldManager", manager), QueryItem("force", force ? "true" : "false")],
            isRepeatable: true)
    }
}

/// How an object is to go.
package struct DeletionOptions: Sendable {
    /// What becomes of the objects that it owns.
    package enum Propagation: String, Sendable {
        /// They stay. It is what the API does with a Job's pods when nothing is said.
        case orphan = "Orphan"
        /// They go afterwards.
        case background = "Background"
        /// They go first.
        case foreground = "Foreground"
    }

    /// In the background, unlike the API itself: a Job that is gone while its pods run on is nobody's wish.
    package var propagation: Propagation = .background
    /// Only this object, and not one that has its name since.
    package var uid: String?
    /// Only this version of it.
    package var resourceVersion: String?
    /// How long its containers may take to stop; nil is what the object says.
    package var graceSeconds: Int?
    package var isDryRun = false

    package init(propagation: Propagation = .background, uid: String? = nil) {
        self.propagation = propagation
        self.uid = uid
    }

    var tree: JSONValue {
        var tree: JSONValue = [
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": .string(propagation.rawValue),
        ]
        if uid != nil || resourceVersion != nil {
            var preconditions: JSONValue = [:]
            preconditions["uid"] = uid.map { .string($0) }
            preconditions["resourceVersion"] = resourceVersion.map { .string($0) }
            tree["preconditions"] = preconditions
        }
        tree["gracePeriodSeconds"] = graceSeconds.map { .integer(Int64($0)) }
        if isDryRun { tree["dryRun"] = ["All"] }
        return tree
    }
}

/// What became of a deletion.
package enum Deletion: Equatable, Sendable {
    /// It is gone.
    case gone
    /// It will be: finalizers, its grace or what it owns hold it.
    case underWay(ObjectMetadata)
    /// There was none.
    case wasNotThere
}
