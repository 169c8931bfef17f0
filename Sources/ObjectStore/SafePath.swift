/// A path below some folder that cannot lead out of it: no `..`, nothing absolute, nothing empty. Links are `isSafeLink`'s business.
struct SafePath: Hashable, Comparable, CustomStringConvertible {
    /// The system's limits, below which no file can be made anyway, and a depth that no sane tree has.
    private static let longestPath = 4000
    private static let longestName = 255
    private static let deepest = 100

    /// With one slash between names, and none at the ends.
    let text: String

    /// Reads a path as archives and folders name their entries (`./a/b`, `a/b/`); nil when it is not safe.
    init?(_ text: String) {
        guard !text.hasPrefix("/"), text.utf8.count <= SafePath.longestPath, !text.utf8.contains(0) else {
            return nil
        }
        let names = text.split(separator: "/").filter { $0 != "." }
        let areSafe = names.allSatisfy { $0 != ".." && $0.utf8.count <= SafePath.longestName }
        guard !names.isEmpty, names.count <= SafePath.deepest, areSafe else { return nil }
        self.text = names.joined(separator: "/")
    }

    /// The folders that it is in, outermost first.
    var parents: [String] {
        text.indices.filter { text[$0] == "/" }.map { String(text[..<$0]) }
    }

    /// Whether a symbolic link at this path may point to `target`: not out of the folder, whatever other links are on the way. So the
    /// target may climb only at its start, where it climbs real folders.
    func isSafeLink(to target: String) -> Bool {
        guard !target.isEmpty, !target.hasPrefix("/"), target.utf8.count <= SafePath.longestPath,
            !target.utf8.contains(0)
        else { return false }
        let names = target.split(separator: "/").filter { $0 != "." }
        let climbs = names.prefix { $0 == ".." }.count
        return climbs <= parents.count && !names.dropFirst(climbs).contains("..")
    }

    static func < (left: SafePath, right: SafePath) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    var description: String { text }
}
