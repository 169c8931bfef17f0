import Runtime
import TestSupport
import Testing

@Suite struct FailPointTests {
    @Test func withoutASpecificationNothingFails() throws {
        try FailPoints(nil).pass("executor.after-effect")
        try FailPoints("").pass("executor.after-effect")
    }

    @Test func anErrorComesOnceAtItsPoint() throws {
        let points = FailPoints("executor.after-effect:error")
        try points.pass("executor.before-effect")
        #expect(throws: FailPoints.Injected(point: "executor.after-effect")) {
            try points.pass("executor.after-effect")
        }
        try points.pass("executor.after-effect")
    }

    @Test func aCountWaitsForThatPassage() throws {
        let points = FailPoints("a:error@3,b:error")
        try points.pass("a")
        #expect(throws: FailPoints.Injected.self) { try points.pass("b") }
        try points.pass("a")
        #expect(throws: FailPoints.Injected.self) { try points.pass("a") }
    }

    @Test func aPointActsOnceOverAllProcessesThatShareAFolder() throws {
        let folder = try TemporaryFolder()
        let (first, second) = (
            FailPoints("a:error", onceFolder: folder.path), FailPoints("a:error", onceFolder: folder.path)
        )
        #expect(throws: FailPoints.Injected.self) { try first.pass("a") }
        try second.pass("a")
    }

    @Test func killEndsTheProcessAsAPowerCutWould() async {
        await #expect(processExitsWith: .signal(9)) { try FailPoints("a:kill").pass("a") }
    }

    @Test func exitEndsTheProcessWithItsCode() async {
        await #expect(processExitsWith: .exitCode(3)) { try FailPoints("a:exit=3").pass("a") }
    }
}
