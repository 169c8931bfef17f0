internal import CLinux
internal import Glibc
internal import PodContract
internal import Runtime

/// Makes the shared folder of a pod, and puts a copy of this program there that runs in every image of this processor's architecture.
enum AgentCopy {
    /// Makes what the benchmark and the agent's other containers find in the shared folder. Done again it changes nothing.
    static func prepare(_ order: PodOrder, _ folders: PodFolders) throws(SystemError) {
        // The benchmark may run as another user.
        let mask = umask(0)
        defer { umask(mask) }
        let pipes = "\(folders.root)/\(PodPath.fifoPart)"
        for folder in [folders.streams, folders.records, folders.home, pipes] {
            guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
                throw SystemError("make folder \(folder)")
            }
        }
        guard mkfifo(folders.fifo, 0o666) == 0 || errno == EEXIST else {
            throw SystemError("make \(folders.fifo)")
        }
        for number in 0..<order.processes {
            let path = folders.metrics(ofProcess: number)
            let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw SystemError("make \(path)") }
            close(descriptor)
        }
    }

    /// Copies this program, its loader and its libraries.
    static func install(_ folders: PodFolders) throws(SystemError) {
        let mask = umask(0o022)
        defer { umask(mask) }
        for folder in [folders.agent, folders.libraries] {
            guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
                throw SystemError("make folder \(folder)")
            }
        }
        let loaded = libraries()
        guard let loader = loaded.first(where: isLoader) else {
            throw SystemError("find the dynamic loader among \(loaded)", code: ENOENT)
        }
        // By the names that they are looked for under, which are those of links.
        for library in loaded where library != loader {
            try copy(library, to: "\(folders.libraries)/\(lastPart(of: library))")
        }
        try copy(loader, to: folders.loader)
        try copy("/proc/self/exe", to: folders.program)
    }

    /// The paths of all libraries that this process has loaded, and of its loader.
    private static func libraries() -> [String] {
        var paths: [String] = []
        _ = withUnsafeMutablePointer(to: &paths) { place in
            clinux_each_library(
                { library, _, context in
                    let path = clinux_library_path(library).map { String(cString: $0) } ?? ""
                    // Neither this program nor the kernel's own library has a path.
                    if path.hasPrefix("/") {
                        context?.assumingMemoryBound(to: [String].self).pointee.append(path)
                    }
                    return 0
                }, place)
        }
        return paths
    }

    /// `ld-linux-x86-64.so.2`, `ld-linux-aarch64.so.1`, `ld-musl-x86_64.so.1`.
    private static func isLoader(_ path: String) -> Bool { lastPart(of: path).hasPrefix("ld-") }

    private static func lastPart(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// Whole or not at all: a container that was killed begins again.
    private static func copy(_ source: String, to place: String) throws(SystemError) {
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw SystemError("open \(source)") }
        defer { close(input) }
        let temporary = "\(place).new"
        let output = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o755)
        guard output >= 0 else { throw SystemError("make \(temporary)") }
        defer { close(output) }
        while true {
            // The kernel copies, and shares the blocks where the file system can.
            let count = sendfile(output, input, nil, 1 << 30)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("copy \(source) to \(place)") }
            if count == 0 { break }
        }
        guard fchmod(output, 0o755) == 0, rename(temporary, place) == 0 else {
            throw SystemError("make \(place)")
        }
    }
}
