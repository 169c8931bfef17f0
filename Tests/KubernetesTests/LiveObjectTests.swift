import JSON
import Kubernetes
import Testing

/// A kind of which only a little is known.
private struct Small: KubernetesResource, Equatable {
    struct Item: Codable, Equatable {
        var name: String
        var size: Int?
    }

    struct Spec: Codable, Equatable {
        var count: Int?
        var items: [Item]?
        var words: [String]?
    }

    static let resourceType = ResourceType(kind: "Small", plural: "smalls")
    var spec: Spec
}

@Suite struct LiveObjectTests {
    private let tree: JSONValue = [
        "apiVersion": "v9", "kind": "Small", "metadata": ["name": "a", "uid": "u", "resourceVersion": "7"],
        "spec": [
            "count": 1, "future": ["deep": [1, 2]], "words": ["x", "y"],
            "items": [["name": "one", "size": 1, "color": "red"], ["name": "two", "color": "blue"]],
        ], "status": ["phase": "Unheard"],
    ]

    @Test func whatIsNotKnownIsSentBackAsItCame() throws {
        let object = try LiveObject<Small>(tree)
        var value = object.value
        value.spec.count = 2
        var expected = tree
        expected["spec"]?["count"] = 2
        #expect(try object.tree(changedTo: value) == expected)
    }

    @Test func anElementKeepsItsUnknownMembersWhereverItMoves() throws {
        let object = try LiveObject<Small>(tree)
        var value = object.value
        value.spec.items = [.init(name: "two", size: 2), .init(name: "new"), .init(name: "one", size: 1)]
        let changed = try object.tree(changedTo: value)
        #expect(
            changed["spec"]?["items"] == [
                ["name": "two", "color": "blue", "size": 2], ["name": "new"],
                ["name": "one", "size": 1, "color": "red"],
            ])
    }

    @Test func whatIsTakenAwayGoes() throws {
        let object = try LiveObject<Small>(tree)
        var value = object.value
        value.spec.items?.removeFirst()
        value.spec.count = nil
        value.spec.words = ["x"]
        let changed = try object.tree(changedTo: value)
        #expect(changed["spec"]?["items"] == [["name": "two", "color": "blue"]])
        #expect(changed["spec"]?["count"] == nil)
        #expect(changed["spec"]?["words"] == ["x"])
        #expect(changed["spec"]?["future"] == ["deep": [1, 2]])
    }

    @Test func anObjectWithoutANameIsNone() {
        #expect(throws: JSONError(path: "metadata.name", message: "is missing")) {
            try LiveObject<Small>(["metadata": [:], "spec": [:]])
        }
    }
}
