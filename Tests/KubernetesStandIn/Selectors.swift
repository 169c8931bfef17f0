import JSON

/// A label selector: `a=b,c!=d,e in (f, g),h notin (i),j,!k`.
struct LabelSelector {
    private enum Requirement {
        case within(String, Set<String>)
        case without(String, Set<String>)
        case exists(String)
        case missing(String)
    }

    private var requirements: [Requirement] = []

    init(_ text: String) throws(APIFailure) {
        for part in LabelSelector.split(text) {
            requirements.append(try LabelSelector.requirement(part, text))
        }
    }

    func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .within(let key, let values): labels[key].map(values.contains) ?? false
            // An object without the label is not of those with the value.
            case .without(let key, let values): !(labels[key].map(values.contains) ?? false)
            case .exists(let key): labels[key] != nil
            case .missing(let key): labels[key] == nil
            }
        }
    }

    /// At the commas that are in no parentheses.
    private static func split(_ text: String) -> [String] {
        var parts = [""]
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if character == ",", depth == 0 {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts.map(trimmed).filter { !$0.isEmpty }
    }

    private static func requirement(_ part: String, _ text: String) throws(APIFailure) -> Requirement {
        let wrong = APIFailure.badRequest(
            "unable to parse requirement: found '\(part)', expected: a label selector such as a=b in \"\(text)\""
        )
        if part.hasPrefix("!") { return .missing(trimmed(String(part.dropFirst()))) }
        for (sign, isWithin) in [(" notin ", false), (" in ", true)] {
            let sides = part.split(separator: sign, maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { continue }
            let list = trimmed(String(sides[1]))
            guard list.hasPrefix("("), list.hasSuffix(")") else { throw wrong }
            let values = list.dropFirst().dropLast().split(separator: ",").map { trimmed(String($0)) }
            let key = trimmed(String(sides[0]))
            return isWithin ? .within(key, Set(values)) : .without(key, Set(values))
        }
        for (sign, isWithin) in [("!=", false), ("==", true), ("=", true)] {
            let sides = part.split(separator: sign, maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { continue }
            let (key, value) = (trimmed(String(sides[0])), trimmed(String(sides[1])))
            guard NameRules.isLabelKey(key), NameRules.isLabelValue(value) else { throw wrong }
            return isWithin ? .within(key, [value]) : .without(key, [value])
        }
        guard NameRules.isLabelKey(part) else { throw wrong }
        return .exists(part)
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

/// A field selector: `status.phase=Running,metadata.name!=a`; only of the fields that the kind has for it.
struct FieldSelector {
    private var requirements: [(path: [String], value: String, isEqual: Bool)] = []

    /// Beyond the name and the namespace, which all kinds have.
    private static let fields: [String: Set<String>] = [
        "pods": [
            "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
            "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
        ],
        "events": [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
            "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
            "reason",
            "reportingComponent", "source", "type",
        ],
        "jobs": ["status.successful"], "nodes": ["spec.unschedulable"], "secrets": ["type"],
        "namespaces": ["status.phase"],
    ]

    init(_ text: String, _ kind: ServedKind) throws(APIFailure) {
        for part in text.split(separator: ",") {
            let isEqual = !part.contains("!=")
            let sides = part.split(whereSeparator: { "!=".contains($0) }).map(String.init)
            guard part.contains("="), let field = sides.first else {
                throw .badRequest("invalid field selector: \(text); can't understand '\(part)'")
            }
            let isKnown =
                field == "metadata.name" || (field == "metadata.namespace" && kind.isNamespaced)
                || FieldSelector.fields[kind.plural]?.contains(field) == true
            guard isKnown else {
                throw .badRequest(
                    "Unable to find \"\(kind.apiVersion), Resource=\(kind.plural)\" that match label selector \"\", "
                        + "field selector \"\(text)\": field label not supported: \(field)")
            }
            let path = field.split(separator: ".").map(String.init)
            requirements.append((path, sides.count > 1 ? sides[1] : "", isEqual))
        }
    }

    func matches(_ object: JSONValue) -> Bool {
        requirements.allSatisfy { requirement in
            let value = requirement.path.reduce(Optional(object)) { $0?[$1] }
            let text: String =
                switch value {
                case .string(let text): text
                case .bool(let flag): flag ? "true" : "false"
                case .integer(let number): "\(number)"
                default:
                    requirement.path.last == "unschedulable" || requirement.path.last == "hostNetwork"
                        ? "false" : ""
                }
            return (text == requirement.value) == requirement.isEqual
        }
    }
}

/// What a request chooses of a collection.
struct ObjectFilter {
    var namespace: String?
    var labels: LabelSelector?
    var fields: FieldSelector?

    func matches(_ object: JSONValue) -> Bool {
        (namespace == nil || object.namespace == namespace) && (labels?.matches(object.labels) ?? true)
            && (fields?.matches(object) ?? true)
    }
}
