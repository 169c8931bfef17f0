import FoundationEssentials
import Runtime
import TestSupport
import Testing

/// A short campaign of faults, as `make chaos` runs long ones.
@Suite(.serialized) struct ChaosTests {
    @Test func everyInvariantHoldsAfterAFewFaults() async throws {
        let folder = try TemporaryFolder()
        let arguments = [
            "--seed=7", "--rounds=10", "--runs=6", "--most=12", "--patience=60", "--folder=\(folder.path)",
            "--faults=kill,kill-all,power-cut,orphan,terminate,vanish,again,forget,cancel",
        ]
        let chaos = try await Programs.run(
            "bai-chaos", arguments, environment: ProcessInfo.processInfo.environment, deadline: .seconds(150))
        // Had it been cut off, its stack would go on.
        let home = ["BAI_HOME": folder.file("home")]
        _ = try await Programs.run("baictl", ["down"], environment: home)
        #expect(chaos.exit == .code(0), "\(chaos.standardOutput)\(chaos.standardError)")
        #expect(chaos.standardOutput.contains("round 10:"))
        #expect(chaos.standardOutput.contains("invariants hold"))
    }

    @Test func aFaultThatDoesNotExistIsRefused() async throws {
        let chaos = try await Programs.run(
            "bai-chaos", ["--faults=earthquake"], environment: ProcessInfo.processInfo.environment)
        #expect(chaos.exit == .code(2))
        #expect(chaos.standardOutput.contains("'earthquake' is no fault"))
    }
}
