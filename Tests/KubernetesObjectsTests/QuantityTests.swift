import Runtime
import Testing

@testable import KubernetesObjects

@Suite struct QuantityTests {
    @Test(arguments: [
        (1 << 30, "1Gi"), (3 << 29, "1536Mi"), (1024, "1Ki"), (1000, "1000"), (0, "0"), (5 << 40, "5Ti"),
        (1_000_000_000, "1000000000"),
    ])
    func aSizeIsWrittenExactly(bytes: Int64, text: String) {
        #expect(Quantity.of(ByteSize(bytes: bytes)) == text)
    }

    @Test(arguments: [
        ("1", true), ("0.5", true), ("500m", true), ("1.125", true), ("0", false), ("-1", false), ("", false),
        ("1.5m", false), ("1.0001", false), ("m", false), ("1e3", false), ("1 ", false), ("0m", false),
    ])
    func coresAreANumber(text: String, isRight: Bool) {
        #expect(Quantity.isCores(text) == isRight)
    }

    @Test(arguments: [
        ("1.29", 1, 29), ("v1.31.2+k3s1", 1, 31), ("1.28+", 1, 28), ("v1.27.0-eks-1234", 1, 27),
    ])
    func aVersionIsReadAsServersWriteIt(text: String, major: Int, minor: Int) {
        #expect(ClusterVersion(text) == ClusterVersion(major: major, minor: minor))
    }

    @Test(arguments: ["", "1", "one.two", "v", "1.", ".29"])
    func whatIsNoVersionIsNone(text: String) {
        #expect(ClusterVersion(text) == nil)
    }

    @Test func sidecarsCameWith29() {
        #expect(!ClusterVersion(major: 1, minor: 28).hasSidecars)
        #expect(ClusterVersion(major: 1, minor: 29).hasSidecars)
        #expect(ClusterVersion(major: 2, minor: 0).hasSidecars)
    }
}

@Suite struct NodeTextTests {
    @Test(
        arguments: [
            ("dedicated=bench:NoSchedule", "dedicated", "Equal", "bench", "NoSchedule"),
            ("nvidia.com/gpu:NoExecute", "nvidia.com/gpu", "Exists", nil, "NoExecute"),
            ("spot", "spot", "Exists", nil, nil), ("a=", "a", "Equal", "", nil),
        ] as [(String, String, String, String?, String?)])
    func aTolerationIsWrittenAsATaint(
        text: String, key: String, comparison: String, value: String?, effect: String?
    ) {
        #expect(
            Toleration(text) == Toleration(key: key, operator: comparison, value: value, effect: effect))
    }

    @Test(arguments: ["", "=x", "a:Never", "a b", "a=b c", "a/b/c", "-a", "A.b/x=y=z:NoSchedule", "a:"])
    func whatIsNoTaintIsNone(text: String) {
        #expect(Toleration(text) == nil)
    }

    @Test func aLabelHasANameAndAValue() {
        #expect(NodeLabelText("node.type=bai-worker")?.name == "node.type")
        #expect(NodeLabelText("example.com/pool=a=b") == nil)
        for text in ["a", "=a", "a b=c", "x/=y", ""] { #expect(NodeLabelText(text) == nil) }
    }
}
