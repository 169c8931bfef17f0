import JSON
import TestSupport
import Testing

@testable import Provisioning

@Suite struct OverlayTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ files: [String: String]) throws {
        for (name, text) in files { try folder.write(name, text) }
    }

    private func failure(in name: String = "top") -> String? {
        do throws(ProvisioningError) {
            _ = try Overlay.manifests(in: folder.file(name))
            return nil
        } catch {
            return error.message
        }
    }

    @Test func anOverlayIsItsBaseWithLabelsAndPatches() throws {
        try write([
            "base/kustomization.yaml": "resources: [a.yaml]\nlabels: [{pairs: {team: x}}]",
            "base/a.yaml": """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: a, namespace: n}
            data: {one: "1", two: "2"}
            ---
            apiVersion: v1
            kind: Namespace
            metadata: {name: n, labels: {own: y}}
            """,
            "top/kustomization.yaml": """
            resources: [../base]
            patches:
            - target: {kind: ConfigMap, name: a}
              patch: |-
                - {op: replace, path: /data/one, value: "eins"}
                - {op: remove, path: /data/two}
                - {op: add, path: /data/a~1b, value: "new"}
            """,
        ])
        let manifests = try Overlay.manifests(in: folder.file("top"))
        #expect(manifests.map(\.label) == ["namespace n", "configmap n/a"], "namespaces come first")
        #expect(manifests[0].tree["metadata"]?["labels"] == ["own": "y", "team": "x"])
        #expect(manifests[1].tree["data"] == ["one": "eins", "a/b": "new"])
    }

    @Test(arguments: [
        ("images: []", "images is not understood"), ("resources: [none.yaml]", "none.yaml: it is not there"),
        ("resources: [.]", "part of itself"), ("resources: [1]", "a list of names"),
        ("resources: [pod.yaml]", "which installations do not have"),
        ("resources: [a.yaml, a.yaml]", "is there twice"), ("resources: [broken.yaml]", "broken.yaml:"),
        (
            "resources: [a.yaml]\npatches: [{target: {kind: Secret}, patch: '[{op: add, path: /x, value: 1}]'}]",
            "nothing to change"
        ),
        (
            "resources: [a.yaml]\npatches: [{target: {kind: ConfigMap}, patch: '[{op: replace, path: /x, value: 1}]'}]",
            "/x is not there"
        ),
        (
            "resources: [a.yaml]\npatches: [{target: {kind: ConfigMap}, patch: '[{op: move, path: /x}]'}]",
            "move is not understood"
        ),
        (
            "resources: [a.yaml]\npatches: [{target: {kind: ConfigMap}, patch: '[{op: add, path: /a/b, value: 1}]'}]",
            "a is not there"
        ),
    ])
    func whatIsNotUnderstoodIsRefusedByName(text: String, words: String) throws {
        try write([
            "top/kustomization.yaml": text, "top/broken.yaml": "{",
            "top/a.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: n}}",
            "top/pod.yaml": "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: n}}",
        ])
        #expect(failure()?.contains(words) == true, "\(failure() ?? "")")
    }

    @Test func aPatchReachesElementsOfLists() throws {
        let tree: JSONValue = ["list": [["a": 1], ["a": 2]]]
        let steps: [JSONValue] = [
            ["op": "replace", "path": "/list/1/a", "value": 3],
            ["op": "add", "path": "/list/-", "value": ["a": 4]],
            ["op": "remove", "path": "/list/0"],
        ]
        #expect(try JSONPatch.apply(steps, to: tree) == ["list": [["a": 3], ["a": 4]]])
        #expect(throws: JSONPatch.Failure.self) {
            try JSONPatch.apply([["op": "remove", "path": "/list/7"]], to: tree)
        }
    }
}
