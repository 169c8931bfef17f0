import FoundationEssentials

/// The repository's Swift sources, as text.
struct SourceTree {
    struct File {
        /// From the repository's root: `Sources/Runs/RunMachine.swift`.
        var path: String
        var lines: [String]

        /// `Runs` of `Sources/Runs/RunMachine.swift`.
        var target: String { String(path.split(separator: "/").dropFirst().first ?? "") }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path()

    /// All Swift files below a folder of the root.
    static func files(in folder: String) throws -> [File] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)")
        return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            let text = try String(contentsOf: URL(filePath: "\(root)/\(folder)/\(name)"), encoding: .utf8)
            return File(
                path: "\(folder)/\(name)",
                lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        }
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: URL(filePath: "\(root)/\(path)"), encoding: .utf8)
    }
}

extension SourceTree.File {
    /// The modules that the file imports.
    var imports: [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let index = words.firstIndex(of: "import"), index <= 2, index + 1 < words.count else {
                return nil
            }
            let isImport = words[..<index].allSatisfy {
                ["package", "internal", "@preconcurrency", "@testable"].contains($0)
            }
            return isImport ? String(words[index + 1]) : nil
        }
    }

    /// `path:line` for each line that `isWrong` and that no comment, on it or right above it, gives a reason for.
    func places(where isWrong: (String) -> Bool) -> [String] {
        lines.indices.filter { isWrong(lines[$0]) && !hasReason($0) }.map {
            "\(path):\($0 + 1): \(lines[$0])"
        }
    }

    private func hasReason(_ index: Int) -> Bool {
        lines[index].contains("//")
            || (index > 0 && lines[index - 1].trimmingPrefix { $0 == " " }.hasPrefix("//"))
    }
}
