import JSON
import TestSupport
import Testing

@testable import KubernetesRunner
@testable import Provisioning

/// The rights in `infra/kubernetes` are those that the code uses: none is missing, none is superfluous.
@Suite struct AccessTests {
    /// One verb on one kind, for one account.
    private struct Right: Hashable, CustomStringConvertible {
        var account: String
        var group: String
        var resource: String
        var verb: String
        var description: String { "\(account) \(verb) \(resource).\(group)" }
    }

    private func granted() throws -> (rights: Set<Right>, others: [String]) {
        let all = try Overlay.manifests(in: "\(Programs.root)/infra/kubernetes/overlays/production")
        var rights: Set<Right> = []
        for binding in all where binding.kind == "RoleBinding" {
            let role = all.first {
                $0.kind == "Role" && $0.name == binding.tree["roleRef"]?["name"]?.string
                    && $0.namespace == binding.namespace
            }
            for subject in binding.tree["subjects"]?.array ?? [] {
                for rule in role?.tree["rules"]?.array ?? [] {
                    let texts = { (key: String) in rule[key]?.array?.compactMap(\.string) ?? [] }
                    for (group, resource, verb) in AccessTests.product(
                        texts("apiGroups"), texts("resources"), texts("verbs"))
                    {
                        rights.insert(
                            Right(
                                account: subject["name"]?.string ?? "", group: group, resource: resource,
                                verb: verb))
                    }
                }
            }
        }
        return (rights, all.filter { $0.kind.hasPrefix("ClusterRole") }.map(\.label))
    }

    private static func product(
        _ groups: [String], _ resources: [String], _ verbs: [String]
    ) -> [(String, String, String)] {
        groups.flatMap { group in
            resources.flatMap { resource in verbs.map { verb in (group, resource, verb) } }
        }
    }

    @Test func theRolesGrantWhatTheCodeUsesAndNothingElse() throws {
        let (granted, clusterWide) = try granted()
        let used = Set(
            AccessRight.used.flatMap { right in
                right.verbs.map { verb in
                    Right(
                        account: "bai-\(right.holder.rawValue)", group: right.group, resource: right.resource,
                        verb: verb)
                }
            })
        #expect(used.subtracting(granted).map(\.description).sorted() == [], "missing in infra/kubernetes")
        #expect(granted.subtracting(used).map(\.description).sorted() == [], "nobody uses these")
        #expect(clusterWide == [], "everything is in one namespace")
    }
}
