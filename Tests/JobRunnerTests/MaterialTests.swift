import Descriptors
import Events
import Glibc
import JSON
import JobRunner
import Runtime
import TestSupport
import Testing

@Suite struct MaterialTests {
    private func materials(_ contents: [FetchedContent], _ locations: [String: String]? = nil) throws
        -> [Material]
    {
        var job = AttemptLab.job(of: "run-1", nil)
        job.contents = contents
        job.locations =
            locations
            ?? Dictionary(
                contents.map { ($0.sha256, "/objects/\($0.sha256)") }, uniquingKeysWith: { first, _ in first }
            )
        return try Material.all(for: job)
    }

    private func content(
        _ role: FetchedContent.Role, id: String = "0", source: String = "s", path: String? = nil,
        kind: FetchedContent.Kind = .file
    ) -> FetchedContent {
        FetchedContent(role: role, id: id, source: source, path: path, kind: kind, sha256: "ab\(id)", size: 1)
    }

    @Test(arguments: [("/data/train.csv", "data/train.csv"), ("x", "x"), ("./a//b/./c/", "a/b/c")])
    func aDatasetIsLinkedAtItsPathBelowTheWorkFolder(path: String, place: String) throws {
        let material = try #require(try materials([content(.dataset, id: "my-set.2", path: path)]).first)
        #expect(material.path == place)
        #expect(material.mode == .link)
        #expect(material.source == "/objects/abmy-set.2")
        #expect(material.variable == "BAI_DATA_MY_SET_2")
        #expect(material.place(in: AttemptFolder("/a")) == "/a/work/\(place)")
    }

    @Test func aModelHasAVariableOfItsOwn() throws {
        #expect(try materials([content(.model, id: "bert", path: "m")]).first?.variable == "BAI_MODEL_BERT")
    }

    @Test func aScriptFolderIsCopiedIntoTheWorkFolderItself() throws {
        let material = try #require(try materials([content(.script, source: ".", kind: .directory)]).first)
        #expect(material.path == "")
        #expect(material.mode == .copy)
        #expect(material.place(in: AttemptFolder("/a")) == "/a/work")
    }

    @Test func aSingleScriptKeepsItsName() throws {
        #expect(try materials([content(.script, source: "../tools/run.py")]).first?.path == "run.py")
    }

    @Test(arguments: ["..", "../x", "a/../../b", "/", "", ".", "/../etc/passwd", "a\0b"])
    func aPathThatLeadsOutIsRefused(path: String) throws {
        let error = #expect(throws: JobRunnerError.self) { try materials([content(.dataset, path: path)]) }
        #expect(error?.reason == .unsafePath)
    }

    @Test func aContentOfUnknownPlaceIsRefused() throws {
        let error = #expect(throws: JobRunnerError.self) {
            try materials([content(.dataset, source: "https://x/y", path: "d")], [:])
        }
        #expect(error?.message.contains("https://x/y") == true)
    }
}

/// Materials of real attempts.
@Suite struct PlacedMaterialTests {
    @Test func scriptsAreTheBenchmarksOwnAndDatasetsNobodys() async throws {
        let lab = try await AttemptLab()
        let objects = try TemporaryFolder()
        let script = try objects.write(
            "script/run.sh",
            "#!/bin/sh\necho \"$BAI_SCRIPTS_PATH\" > where.txt; cat sub/note.txt; echo more >> sub/note.txt\n"
        )
        try objects.write("script/sub/note.txt", "a note\n")
        let data = try objects.write("data", "1,2,3\n")
        for path in [script, data] { chmod(path, path == script ? 0o555 : 0o444) }
        chmod(objects.file("script/sub/note.txt"), 0o444)
        var job = lab.job(
            program: .init(benchmarkCode: "sh -c", args: "'./run.sh && cat $(BAI_DATA_TRAIN) d/train.csv'"))
        job.contents = [
            FetchedContent(
                role: .script, id: "0", source: ".", path: nil, kind: .directory, sha256: "aa", size: 1),
            FetchedContent(
                role: .dataset, id: "train", source: "d", path: "/d/train.csv", kind: .file, sha256: "bb",
                size: 1),
        ]
        job.locations = ["aa": objects.file("script"), "bb": data]
        let reference = try await lab.runner.start(job, in: nil)
        let outcome = try await lab.end(of: reference)
        #expect(outcome.status == .succeeded, "\(outcome.message)")
        #expect(try await lab.lines(.stdout).map(\.text) == ["a note", "1,2,3", "1,2,3"])
        #expect(try lab.text("where.txt", of: reference) == (try lab.folder(reference).work))
        #expect(try lab.text("sub/note.txt", of: reference) == "a note\nmore", "a copy may be changed")
        #expect(SystemFile.text(objects.file("script/sub/note.txt")) == "a note", "the original is not")
        #expect(outcome.environment["contents"]?.array?.map { $0["sha256"] } == ["aa", "bb"])
    }

    @Test func whatCannotBePutInPlaceIsTheInstallationsFault() async throws {
        let lab = try await AttemptLab()
        var job = lab.job("true")
        job.contents = [
            FetchedContent(
                role: .script, id: "0", source: ".", path: nil, kind: .directory, sha256: "aa", size: 1)
        ]
        job.locations = ["aa": lab.home.file("not-there")]
        let outcome = try await lab.outcome(of: job)
        #expect(outcome.status == .error)
        #expect(outcome.reason == .startFailed)
        #expect(outcome.failure == .infrastructure)
        #expect(outcome.message.contains("not-there"))
    }
}
