import FoundationEssentials
import Glibc
import Runtime

func readFile(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

func mode(of path: String) throws -> mode_t {
    var status = stat()
    guard stat(path, &status) == 0 else { throw SystemError("look at \(path)") }
    return status.st_mode & 0o7777
}

func inode(of path: String) throws -> ino_t {
    var status = stat()
    guard stat(path, &status) == 0 else { throw SystemError("look at \(path)") }
    return status.st_ino
}

/// As a benchmark would that does not keep to the rules.
func overwrite(_ path: String, with bytes: [UInt8]) throws {
    guard chmod(path, 0o644) == 0 else { throw SystemError("change the mode of \(path)") }
    try Data(bytes).write(to: URL(filePath: path))
}

func makeLink(_ path: String, to target: String) throws {
    guard symlink(target, path) == 0 else { throw SystemError("make the link \(path)") }
}

func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
