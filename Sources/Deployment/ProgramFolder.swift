internal import Glibc

/// Where this program's siblings are: all programs of a release stand in one folder.
package enum ProgramFolder {
    /// The folder of the running executable, absolute, symbolic links resolved.
    package static var path: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let executable = String(
            decoding: buffer.prefix(max(count, 0)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return executable.lastIndex(of: "/").map { String(executable[..<$0]) } ?? "."
    }

    /// The path of a sibling.
    package static func program(_ name: String) -> String { "\(path)/\(name)" }
}
