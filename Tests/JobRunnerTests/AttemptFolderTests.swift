import Events
import Glibc
import JobRunner
import Runtime
import TestSupport
import Testing

@Suite struct AttemptFolderTests {
    private let root: TemporaryFolder
    private var folder: AttemptFolder { AttemptFolder(root.file("a/1")) }
    private let request = StopRequest(grace: .seconds(3), reason: .canceledByUser)

    init() throws { root = try TemporaryFolder() }

    @Test func theFolderIsItsOwnersAlone() throws {
        try folder.make()
        try folder.make()
        var status = stat()
        #expect(stat(folder.path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
    }

    @Test func aRecordIsReadAsItWasWritten() throws {
        try folder.make()
        #expect(try folder.read(folder.stop, as: StopRequest.self) == nil)
        try folder.write(request, to: folder.stop)
        #expect(try folder.read(folder.stop, as: StopRequest.self) == request)
        #expect(folder.isStopRequested)
    }

    @Test func ofManyWhoWriteOnceOneDoes() async throws {
        try folder.make()
        let (folder, request) = (folder, request)
        let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 { group.addTask { try folder.writeOnce(request, to: folder.started) } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wins == 1)
        var names: [String] = []
        if let open = opendir(folder.path) {
            while let entry = readdir(open) {
                names.append(
                    withUnsafeBytes(of: entry.pointee.d_name) {
                        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                    })
            }
            closedir(open)
        }
        #expect(names.sorted() == [".", "..", "started.json"], "nothing temporary is left")
    }

    @Test(arguments: ["", "{", "{}", "null", "\u{0}\u{0}"])
    func aDamagedRecordIsNamed(text: String) throws {
        try root.write("a/1/stop.json", text)
        let error = #expect(throws: JobRunnerError.self) {
            try folder.read(folder.stop, as: StopRequest.self)
        }
        #expect(error?.message.contains(folder.stop) == true)
    }

    @Test func aDamagedOutcomeEndsTheAttemptAsAnError() async throws {
        let lab = try await AttemptLab()
        try lab.home.write("attempts/run-1/1/outcome.json", "{")
        let outcome = try await lab.end(of: "run-1/1")
        #expect(outcome.status == .error)
        #expect(outcome.reason == .internalError)
        #expect(outcome.message.contains("outcome.json is damaged"))
    }

    @Test func aReferenceIsReadAsItWasWritten() throws {
        let reference = AttemptReference(run: "0199-abc.d_E", number: 12)
        #expect(try AttemptReference(reference.description) == reference)
    }

    @Test(arguments: [
        "", "a", "a/", "/1", "a/0", "a/-1", "a/01", "a/+1", "a/1/2", "../1", "a/x", ".a/1", "a b/1",
    ])
    func whatIsNoReferenceIsRefused(text: String) {
        #expect(throws: JobRunnerError.self) { try AttemptReference(text) }
    }

    @Test func observingWhatIsNoReferenceEndsAtOnce() async throws {
        let outcome = try await AttemptLab().end(of: "../../etc/1")
        #expect(outcome.status == .error)
    }
}

@Suite struct ProcessTableTests {
    @Test func thisProcessIsFound() throws {
        let entry = try #require(ProcessTable.entry(getpid()))
        #expect(entry.parent == getppid())
        #expect(entry.group == getpgrp())
        #expect(!entry.isDead)
        #expect(entry.residentMemory > 1 << 20)
        #expect(ProcessTable.all().contains { $0.processID == getpid() })
        #expect(ProcessIdentity(getpid())?.isAlive == true)
    }

    @Test func aNumberThatBelongsToAnotherProcessByNowIsNotTheSame() throws {
        var identity = try #require(ProcessIdentity(getpid()))
        identity.startTicks += 1
        #expect(!identity.isAlive)
        identity.startTicks -= 1
        identity.boot = "another"
        #expect(!identity.isAlive)
        #expect(ProcessIdentity(Int32.max - 1) == nil)
    }

    @Test func childrenOfChildrenAreDescendants() throws {
        func entry(_ id: Int32, _ parent: Int32) -> ProcessTable.Entry {
            ProcessTable.Entry(
                processID: id, parent: parent, group: id, startTicks: 1, isDead: false, residentMemory: 0)
        }
        let entries = [entry(2, 1), entry(3, 2), entry(4, 3), entry(5, 1), entry(6, 5)]
        #expect(Set(ProcessTable.descendants(of: 2, in: entries).map(\.processID)) == [3, 4])
        #expect(ProcessTable.descendants(of: 6, in: entries) == [])
    }

    @Test func theNameOfAProgramMayHoldAnything() async throws {
        let folder = try TemporaryFolder()
        let odd = folder.file("a) R (1 (")
        #expect(symlink("/bin/sleep", odd) == 0)
        let child = try ChildProcess.start(
            ChildProcess.Setup(program: odd, arguments: ["300"], environment: ["MARK": "x=1"], group: .own))
        #expect(await eventually { ProcessTable.environment(of: child.processID, has: "MARK=x=1") })
        #expect(ProcessTable.entry(child.processID)?.parent == getpid())
        #expect(!ProcessTable.environment(of: child.processID, has: "MARK=x"))
        kill(child.processID, SIGKILL)
        #expect(await eventually { ProcessTable.entry(child.processID)?.isDead != false })
        _ = try await child.wait()
    }
}
