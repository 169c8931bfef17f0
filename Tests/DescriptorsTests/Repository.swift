import Diagnostics
import FoundationEssentials

@testable import Descriptors

/// The repository's files that tests read and, with `BAI_RECORD=1` in the environment, write anew.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path()

    static let isRecording = ProcessInfo.processInfo.environment["BAI_RECORD"] == "1"

    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(root)/\(path)")))
    }

    static func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }

    /// The names of the files of a folder that end with `suffix`, sorted.
    static func names(in folder: String, suffix: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
        return names.filter { $0.hasSuffix(suffix) }.sorted()
    }

    /// What `path` has to hold; while recording, `text`, which is written there.
    static func expected(_ path: String, recording text: String) throws -> String {
        if isRecording { try Data(text.utf8).write(to: URL(filePath: "\(root)/\(path)")) }
        return try self.text(path)
    }

    /// Reads a descriptor of the repository.
    static func read(_ path: String, overrides: [String] = []) throws -> DescriptorReading {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return DescriptorReader.read(try bytes(path), filename: name, overrides: overrides)
    }
}
