import Diagnostics
import TestSupport
import Testing

@testable import Descriptors

@Suite struct DescriptorFileTests {
    @Test func aFileIsRead() throws {
        let reading = DescriptorReader.read(file: "\(Repository.root)/descriptors/examples/minimal.toml")
        #expect(reading.descriptor?.hardware.instanceType == "local")
    }

    @Test func aFileThatIsNotThereIsAProblem() {
        let reading = DescriptorReader.read(file: "/nowhere/d.toml")
        #expect(
            reading.problems.report == """
                /nowhere/d.toml: error[cannot_read]: cannot read "/nowhere/d.toml": No such file or directory

                1 error
                """)
        #expect(reading.descriptor == nil)
    }

    @Test func aFolderIsAProblem() throws {
        let folder = try TemporaryFolder()
        #expect(DescriptorReader.read(file: folder.path).problems.map(\.code) == ["cannot_read"])
    }

    @Test func aFileWithoutEndIsRefused() {
        let reading = DescriptorReader.read(file: "/dev/zero")
        #expect(reading.problems.map(\.code) == ["too_large"])
    }
}
