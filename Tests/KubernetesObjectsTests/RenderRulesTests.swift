import Descriptors
import Events
import Testing

@testable import KubernetesObjects

/// What is refused before the API server has to.
@Suite struct RenderRulesTests {
    private func keys(
        _ request: AttemptRequest, _ settings: KubernetesSettings = Cases.settings
    ) -> [String] {
        do throws(RenderFailure) {
            _ = try AttemptRenderer(settings).render(request)
            return []
        } catch {
            return error.problems.map(\.key)
        }
    }

    @Test(arguments: [
        "/", "/bai", "/bai/x", "/dev/shm", "/proc/1", "/sys", "/tmp/benchmark-ai", "/a:b", "/a/../b",
        "a\u{0}b",
        "//", "bai/../x",
    ])
    func nothingIsMountedWhereNothingCanBe(path: String) {
        var content = Cases.dataset
        content.path = path
        #expect(keys(Cases.request(contents: [content])) == ["data.sources.path"])
    }

    @Test(arguments: ["/data", "data", "/tmp", "/opt/my data", "/baikal", "/device"])
    func anOtherPathIsFine(path: String) {
        var content = Cases.dataset
        content.path = path
        #expect(keys(Cases.request(contents: [content])) == [])
    }

    @Test func twoContentsAtOnePathAreOneTooMany() {
        var other = Cases.dataset
        other.path = "data/./train/"
        #expect(keys(Cases.request(contents: [Cases.dataset, other])) == ["data.sources.path"])
    }

    @Test(arguments: ["..", ".", "..a", "1a", "", "a=b", "ä"])
    func aVariableWithANameThatKubernetesRefusesIsRefused(name: String) {
        #expect(keys(Cases.request { $0.env.vars = [name: "x"] }) == ["env.vars"])
    }

    @Test func aZeroByteGoesNowhere() {
        #expect(keys(Cases.request { $0.env.vars = ["A": "x\u{0}y"] }) == ["env.vars.A"])
        #expect(keys(Cases.request { $0.ml?.args = "x\u{0}y" }) == ["ml.args"])
        #expect(keys(Cases.request { $0.env.dockerImage = "x\u{0}y" }) == ["env.docker_image"])
    }

    @Test func aCommandThatCannotBeSplitIsNamed() {
        #expect(keys(Cases.request { $0.ml?.args = "'open" }) == ["ml.args"])
        #expect(keys(Cases.request { $0.ml?.benchmarkCode = "x \\" }) == ["ml.benchmark_code"])
    }

    @Test func gpusOfAnUnknownTypeHaveToBeSaid() {
        #expect(keys(Cases.request { $0.hardware.instanceType = "p99.huge" }) == ["hardware.gpus"])
        #expect(
            keys(
                Cases.request {
                    $0.hardware.instanceType = "p99.huge"
                    $0.hardware.gpus = 2
                }) == [])
    }

    @Test func anotherEngineIsRefused() {
        #expect(
            keys(Cases.request { $0.info.executionEngine = .sageMaker }) == ["info.execution_engine"])
    }

    @Test func theInstallationHasToSayWhereThingsAre() {
        var settings = Cases.settings
        settings.server = nil
        #expect(
            keys(Cases.request(contents: [Cases.dataset]), settings) == [
                "kubernetes.server", "kubernetes.objects",
            ])
        settings.delivery = .log
        #expect(keys(Cases.request(), settings) == [])
        #expect(keys(Cases.request(contents: [Cases.dataset]), settings) == ["kubernetes.objects"])
        settings.objects = "https://objects.example.com"
        #expect(keys(Cases.request(contents: [Cases.dataset]), settings) == [])
    }

    @Test func anImagesOwnCommandNeedsSidecars() {
        var settings = Cases.settings
        settings.version = ClusterVersion(major: 1, minor: 28)
        #expect(keys(Cases.request { $0.ml = nil }, settings) == ["ml.benchmark_code"])
        #expect(keys(Cases.request { $0.ml = nil }) == [])
    }

    @Test func aSecretThatTheInstallationLacksIsRefused() {
        #expect(keys(Cases.request { $0.env.vars = ["A": "${secret.key}"] }) == ["env.vars"])
    }

    @Test func everythingIsToldAtOnce() {
        let request = Cases.request {
            $0.env.privileged = true
            $0.env.vars = ["..": ""]
            $0.ml?.args = "'"
            $0.hardware.instanceType = "p99.huge"
        }
        #expect(keys(request) == ["env.privileged", "hardware.gpus", "ml.args", "env.vars"])
    }

    @Test func whatIsTooLargeForTheServerIsRefusedHere() {
        let request = Cases.request { $0.env.vars = ["A": String(repeating: "x", count: 1 << 20)] }
        #expect(keys(request) == ["descriptor"])
    }

    @Test func thousandMachinesAreTheMost() {
        #expect(
            keys(
                Cases.request {
                    $0.hardware.strategy = .distributed
                    $0.hardware.distributed.numInstances = 1001
                }) == ["hardware.distributed.num_instances"])
    }
}
