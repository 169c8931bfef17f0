internal import CLinux
package import Descriptors
internal import Glibc
internal import Runtime

/// `bai-agent exec`: becomes the benchmark's program after setting what only a process itself can set: its limits, and that it dies with its
/// supervisor. `posix_spawn` has no place for either.
package struct ExecHelper: Equatable, Sendable {
    /// The supervisor, without which the benchmark is not to run.
    package var parent: Int32
    /// The descriptor to which a failure is reported; it closes when the program starts.
    package var report: Int32
    package var limits: Descriptor.Limits
    package var command: [String]

    /// Variables that change how any program starts, this one too, travel under a name with this before it.
    private static let disguise = "BAI_EXEC_"

    package init(parent: Int32, report: Int32, limits: Descriptor.Limits, command: [String]) {
        self.parent = parent
        self.report = report
        self.limits = limits
        self.command = command
    }

    // MARK: In the supervisor

    /// The arguments of `bai-agent` that make it do this.
    package var arguments: [String] {
        var arguments = ["exec", "--parent", "\(parent)", "--report", "\(report)"]
        for limit in ResourceLimit.all(of: limits) { arguments += ["--limit", limit.description] }
        return arguments + ["--"] + command
    }

    /// `variables` in a form that does not change how the helper itself is loaded.
    package static func disguised(_ variables: [String: String]) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: variables.map {
                ($0.key.hasPrefix("LD_") ? disguise + $0.key : $0.key, $0.value)
            })
    }

    // MARK: In the helper

    /// Becomes the program. Returns only when that fails, with the exit code of a shell that finds no program.
    package static func run(_ arguments: [String]) -> Int32 {
        var words = arguments[...]
        var report: Int32 = -1
        while let option = words.popFirst(), option != "--", let value = words.popFirst() {
            switch option {
            case "--parent": dieWith(parent: Int32(value) ?? 0)
            case "--report":
                report = Int32(value) ?? -1
                _ = fcntl(report, F_SETFD, FD_CLOEXEC)
            case "--limit": ResourceLimit(value)?.apply()
            default: break
            }
        }
        uncover()
        preferAsVictim()
        guard let program = words.first else { return 127 }
        let pointers = words.map { strdup($0) } + [nil]
        execvp(program, pointers)
        let code = errno
        _ = "\(code)".withCString { write(report, $0, strlen($0)) }
        return 127
    }

    private static func dieWith(parent: Int32) {
        _ = clinux_set_parent_death_signal(SIGKILL)
        // It may have died before we asked.
        if getppid() != parent { _exit(127) }
    }

    private static func uncover() {
        var names: [String] = []
        var entry = environ
        while let text = entry.pointee {
            let name = String(cString: text).prefix { $0 != "=" }
            if name.hasPrefix(disguise) { names.append(String(name)) }
            entry += 1
        }
        for name in names {
            setenv(String(name.dropFirst(disguise.count)), getenv(name), 1)
            unsetenv(name)
        }
    }

    /// When memory runs out, the kernel shall end the benchmark rather than the services that would have to report it.
    private static func preferAsVictim() {
        let file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = "500".withCString { write(file, $0, 3) }
        close(file)
    }
}

/// One limit that the kernel holds a process to.
struct ResourceLimit: CustomStringConvertible {
    enum Kind: String { case cpuSeconds = "cpu", openFiles = "files", fileBytes = "size" }

    var kind: Kind
    var value: UInt64

    /// The limits of `[run.limits]` that the kernel can hold a process to. The supervisor watches the others: of memory the kernel can only limit
    /// addresses, which many programs reserve and never use, and of processes only all those of one user together.
    static func all(of limits: Descriptor.Limits) -> [ResourceLimit] {
        var all: [ResourceLimit] = []
        func add(_ kind: Kind, _ value: Int64?) {
            if let value, value >= 0 { all.append(ResourceLimit(kind: kind, value: UInt64(value))) }
        }
        // At least a second: zero would end the program before it starts.
        add(.cpuSeconds, limits.cpuTime.map { max(1, Int64($0.duration.inSeconds.rounded(.up))) })
        add(.openFiles, limits.openFiles.map(Int64.init))
        add(.fileBytes, limits.fileSize?.bytes)
        return all
    }

    init(kind: Kind, value: UInt64) {
        self.kind = kind
        self.value = value
    }

    /// Reads what `description` writes.
    init?(_ text: String) {
        let parts = text.split(separator: "=")
        guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])), let value = UInt64(parts[1])
        else {
            return nil
        }
        self.init(kind: kind, value: value)
    }

    var description: String { "\(kind.rawValue)=\(value)" }

    /// Limits this process and all that it will start.
    func apply() {
        // A second after SIGXCPU, which a program may handle, comes SIGKILL.
        let hard = kind == .cpuSeconds ? value + 1 : value
        var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(hard))
        switch kind {
        case .cpuSeconds: setrlimit(__rlimit_resource_t(RLIMIT_CPU.rawValue), &limit)
        case .openFiles: setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        case .fileBytes: setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        }
    }
}
