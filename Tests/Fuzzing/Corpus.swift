internal import FoundationEssentials

/// The inputs that fuzzing begins with, in the repository: one folder for each target, one file for each input.
package enum Corpus {
    /// The folder of all.
    package static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "FuzzingTests/Corpus").path

    /// The inputs of `target`, by the names of their files.
    package static func inputs(of target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let folder = "\(self.folder)/\(target.rawValue)"
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { name in
            (name, Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))))
        }
    }
}
