import KubernetesRunner
import Testing

@Suite struct RightsTests {
    @Test func eachServiceHasOneRuleForAKind() {
        let names = KubernetesRunner.rights.map { "\($0.holder) \($0.group) \($0.resource)" }
        #expect(Set(names).count == names.count)
    }

    @Test func nobodyMayReadAllSecretsAsTheyChangeNorTouchWhatIsNotTheirs() {
        for right in KubernetesRunner.rights where right.resource == "secrets" {
            #expect(right.holder == .executor)
            #expect(right.verbs.isDisjoint(with: ["watch", "update", "patch"]))
        }
        #expect(KubernetesRunner.rights.allSatisfy { !$0.verbs.contains("*") && $0.resource != "*" })
    }
}
