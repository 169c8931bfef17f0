import CommandLineArguments
import FoundationEssentials
import JSON
import KubernetesStandIn
import Runtime
import TestSupport
import Testing

@testable import Commands

/// `baictl create infra`, `delete infra`, `doctor --target=kubernetes` and `render --dry-run=server`, on the stand-in.
@Suite struct InfraCommandTests {
    let folder: TemporaryFolder
    let cluster: KubernetesStandIn

    init() throws {
        folder = try TemporaryFolder()
        cluster = try KubernetesStandIn()
        try folder.write("kubeconfig", cluster.kubeconfig())
    }

    private func run(
        _ words: String..., settings: [String: String] = [:]
    ) async -> (code: ExitCode, data: String, words: String) {
        let screen = Screen()
        let environment = ["BAI_HOME": folder.path, "KUBECONFIG": folder.file("kubeconfig")]
        let code = await CommandLineTool.run(
            words, environment: environment.merging(settings) { $1 }, terminal: screen.terminal())
        return (code, screen.data, screen.words)
    }

    @Test func theServicesAreMadeOnceWithTheImageThatWasNamedAndTakenAwayAgain() async throws {
        let image = "registry.example.com:5000/team/bai:7"
        let first = await run("create", "infra", "--target=kubernetes", "--no-wait", "--image=\(image)")
        #expect(first.code == .ok, "\(first.words)")
        #expect(first.data.contains("deployment benchmark-ai/bai-executor"))
        let executor = try #require(cluster.object("deployments", "benchmark-ai", "bai-executor"))
        let container = executor["spec"]?["template"]?["spec"]?["containers"]?.array?.first
        #expect(container?["image"]?.string == image)
        let told = container?["env"]?.array?.first { $0["name"] == "BAI_KUBERNETES_IMAGE" }
        #expect(told?["value"]?.string == image, "pods get the agent from the same image")

        let second = await run("create", "infra", "--target=kubernetes", "--no-wait", "--image=\(image)")
        #expect(second.code == .ok)
        #expect(second.data.isEmpty && second.words.contains("objects unchanged"), "\(second.data)")

        let unasked = await run("delete", "infra", "--target=kubernetes")
        #expect(unasked.code == .usage, "nobody can be asked here")
        let only = await run("delete", "infra", "--target=kubernetes", "--dry-run")
        #expect(only.data.contains("persistentvolumeclaim benchmark-ai/benchmark-ai"))
        #expect(cluster.objects("deployments").count == 6)
        let gone = await run("delete", "infra", "--target=kubernetes", "--yes")
        #expect(gone.code == .ok, "\(gone.words)")
        #expect(cluster.objects("deployments") == [])
        let again = await run("delete", "infra", "--target=kubernetes", "--yes")
        #expect(again.code == .ok && again.words.contains("nothing on the cluster"))
    }

    @Test func whoeverWantsNothingSpecificOrWhatIsNotThereIsToldSo() async {
        #expect(await run("create", "infra").code == .usage)
        #expect(await run("create", "infra", "--target=moon").code == .usage)
        #expect(await run("create", "infra", "--target=kubernetes", "--overlay=none").code == .notFound)
        #expect(await run("create", "infra", "--target=kubernetes", "--timeout=soon").code == .usage)
        let context = await run("create", "infra", "--target=kubernetes", "--context=other")
        #expect(context.code == .usage && context.words.contains("there is no context 'other'"))
    }

    @Test func theDoctorSaysWhatIsMissingAndWhatToDo() async throws {
        let bare = await run("doctor", "--target=kubernetes")
        #expect(bare.code == .unreachable)
        #expect(bare.data.contains("is not there") && bare.data.contains("create infra"))
        try cluster.makeNamespace(
            "benchmark-ai", labels: ["pod-security.kubernetes.io/enforce": "restricted"])
        let good = await run("doctor", "--target=kubernetes")
        #expect(good.code == .ok, "\(good.data)")
        #expect(
            good.data.contains("pod security restricted") && good.data.contains("MPIJob is not installed"))
        cluster.add(StandInUser("eve"), token: "eve")
        try folder.write("kubeconfig", cluster.kubeconfig(token: "eve"))
        let eve = await run("doctor", "--target=kubernetes")
        #expect(eve.code == .unreachable)
        #expect(eve.data.contains("jobs: not allowed to create"), "\(eve.data)")
    }

    @Test func theServerIsAskedWhetherItWouldTakeAnAttempt() async throws {
        try cluster.makeNamespace("benchmark-ai")
        let example = "\(Programs.root)/descriptors/examples/minimal.toml"
        let taken = await run("render", "benchmark", example, "--dry-run=server")
        #expect(taken.code == .ok, "\(taken.words)")
        #expect(taken.words.contains("would take all"))
        #expect(cluster.objects("jobs") == [] && cluster.objects("secrets") == [], "nothing was stored")
        let refused = await run(
            "render", "benchmark", example, "--dry-run=server",
            settings: ["BAI_KUBERNETES_SERVICE_ACCOUNT": "Not_A_Name"])
        #expect(refused.code == .usage, "\(refused.words)")
        #expect(refused.words.contains("serviceAccountName"), "\(refused.words)")
    }
}
