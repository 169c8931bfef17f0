import JSON
import Kubernetes
import KubernetesStandIn
import TestSupport
import Testing

@Suite struct ListTests {
    private func fixture(_ count: Int) throws -> Fixture {
        let fixture = try Fixture()
        for number in 0..<count {
            let name = "m" + String(repeating: "0", count: 3 - "\(number)".count) + "\(number)"
            try fixture.cluster.store(
                "configmaps",
                [
                    "metadata": [
                        "name": .string(name), "namespace": "bai",
                        "labels": ["parity": number % 2 == 0 ? "even" : "odd"],
                    ]
                ])
        }
        return fixture
    }

    @Test func aListComesInChunksOfOneVersion() async throws {
        let fixture = try fixture(25)
        fixture.cluster.forgetRequests()
        var names: [String] = []
        var sizes: [Int] = []
        let version = try await fixture.configMaps.list(chunkSize: 10) { chunk throws(KubernetesError) in
            sizes.append(chunk.objects.count)
            names += chunk.objects.map(\.metadata.name)
            // What comes in between is not of the version that the list is of.
            _ = try await fixture.configMaps.create(ConfigMap("z\(sizes.count)"))
        }
        #expect(sizes == [10, 10, 5])
        #expect(names == names.sorted() && Set(names).count == 25)
        let after = try await fixture.configMaps.list()
        #expect(after.objects.count == 28)
        #expect(after.resourceVersion != version)
    }

    @Test func anExpiredListStartsOver() async throws {
        let fixture = try fixture(25)
        var firsts = 0
        var names: [String] = []
        _ = try await fixture.configMaps.list(chunkSize: 10) { chunk throws(KubernetesError) in
            if chunk.isFirst {
                firsts += 1
                names = []
            }
            names += chunk.objects.map(\.metadata.name)
            if firsts == 1 { fixture.cluster.compact() }
        }
        #expect(firsts == 2)
        #expect(names.count == 25)
    }

    @Test func aListThatAlwaysExpiresIsAskedForAsAWhole() async throws {
        let fixture = try fixture(25)
        var last: [String] = []
        _ = try await fixture.configMaps.list(chunkSize: 10) { chunk throws(KubernetesError) in
            last = chunk.objects.map(\.metadata.name)
            fixture.cluster.compact()
        }
        #expect(last.count == 25)
    }

    @Test(arguments: [
        ("parity=even", 13), ("parity!=even", 12), ("parity in (odd, none)", 12), ("parity notin (odd)", 13),
        ("!parity", 0), ("parity", 25), ("parity=even,parity=odd", 0),
    ])
    func labelsChoose(selector: String, count: Int) async throws {
        let fixture = try fixture(25)
        #expect(try await fixture.configMaps.list(Selection(labels: selector)).objects.count == count)
    }

    @Test func fieldsChooseWhereTheKindHasThem() async throws {
        let fixture = try fixture(3)
        let found = try await fixture.configMaps.list(Selection(fields: "metadata.name=m001"))
        #expect(found.objects.map(\.metadata.name) == ["m001"])
        let error = await failure { _ = try await fixture.configMaps.list(Selection(fields: "data.x=1")) }
        #expect(error?.code == .badRequest)
        #expect(error?.message.contains("field label not supported: data.x") == true)
    }

    @Test func aListOfAllNamespacesHasThemAll() async throws {
        let fixture = try fixture(2)
        try fixture.cluster.store("configmaps", ["metadata": ["name": "other", "namespace": "default"]])
        let all = try await fixture.client.resources(of: ConfigMap.self).list()
        #expect(Set(all.objects.map(\.metadata.namespace)) == ["bai", "default"])
    }
}
