internal import Events
internal import FoundationEssentials
internal import Glibc
package import JobRunner
package import Runtime

/// Puts an attempt's contents into its work folder.
package enum MaterialPlacement {
    /// Makes the work folder with everything in its place.
    package static func place(_ materials: [Material], in folder: AttemptFolder) throws(SystemError) {
        try makeFolder(folder.work)
        for material in materials {
            let place = material.place(in: folder)
            switch material.mode {
            case .link: try link(material.source, at: place)
            case .copy where material.content.kind == .directory: try copyFolder(material.source, to: place)
            case .copy: try copyFile(material.source, to: place)
            }
        }
    }

    private static func link(_ source: String, at place: String) throws(SystemError) {
        try makeFolder(parent(of: place))
        guard symlink(source, place) == 0 else { throw SystemError("link \(place) to \(source)") }
    }

    /// Copies what is in a folder beside what is in another.
    private static func copyFolder(_ source: String, to place: String) throws(SystemError) {
        try makeFolder(place)
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: source)
        } catch {
            throw SystemError("list folder \(source)", code: errno == 0 ? EIO : errno)
        }
        for name in names.sorted() {
            var status = stat()
            guard lstat("\(source)/\(name)", &status) == 0 else {
                throw SystemError("look at \(source)/\(name)")
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: try copyFolder("\(source)/\(name)", to: "\(place)/\(name)")
            case S_IFLNK: try copyLink("\(source)/\(name)", to: "\(place)/\(name)")
            default: try copyFile("\(source)/\(name)", to: "\(place)/\(name)")
            }
        }
    }

    /// The link itself, not what it leads to: the object store holds no link that leads out of its folder.
    private static func copyLink(_ source: String, to place: String) throws(SystemError) {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard readlink(source, &target, target.count - 1) >= 0 else {
            throw SystemError("read link \(source)")
        }
        guard symlink(target, place) == 0 else { throw SystemError("make link \(place)") }
    }

    private static func copyFile(_ source: String, to place: String) throws(SystemError) {
        try makeFolder(parent(of: place))
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw SystemError("open \(source)") }
        defer { close(input) }
        var status = stat()
        guard fstat(input, &status) == 0 else { throw SystemError("look at \(source)") }
        // What the store keeps read-only is the benchmark's own here. Programs stay programs.
        let mode: mode_t = status.st_mode & 0o111 == 0 ? 0o644 : 0o755
        let output = open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard output >= 0 else { throw SystemError("make \(place)") }
        defer { close(output) }
        var left = Int(status.st_size)
        while left > 0 {
            // The kernel copies, and shares the blocks where the file system can.
            let count = sendfile(output, input, nil, min(left, 1 << 30))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError("copy \(source) to \(place)") }
            left -= count
        }
    }

    private static func makeFolder(_ path: String) throws(SystemError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw SystemError("make folder \(path)", code: errno == 0 ? EIO : errno)
        }
    }

    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
