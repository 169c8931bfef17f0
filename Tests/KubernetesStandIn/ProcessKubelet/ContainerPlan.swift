import FoundationEssentials
import Glibc
import JSON
import Runtime

/// The words that `pod-container` is told: what the container's root is made of, who it is, and its command.
struct ContainerPlan {
    private var words: [String]
    /// Where the root is put together.
    let root: String

    /// - Parameters:
    ///   - user: whom the container runs as.
    ///   - root: a folder of its own.
    init(user: Int, group: Int, root: String) {
        words = ["\(user)", "\(group)", "root", root]
        self.root = root
    }

    var bytes: [UInt8] { words.flatMap { Array($0.utf8) + [0] } }

    mutating func add(_ verb: String, _ arguments: String...) {
        words.append(verb)
        words += arguments
    }

    mutating func bind(_ source: String, at place: String, isWritable: Bool = false) {
        add("bind", source, root + place, isWritable ? "rw" : "ro")
    }

    /// The machine's own system, read-only, with devices and a `/proc` of the container's own.
    mutating func addSystem() {
        bind("/usr", at: "/usr")
        for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
            if let text = try? FileManager.default.destinationOfSymbolicLink(atPath: "/\(name)") {
                add("link", text, "\(root)/\(name)")
            } else if access("/\(name)", F_OK) == 0 {
                bind("/\(name)", at: "/\(name)")
            }
        }
        bind("/etc", at: "/etc")
        // Where this toolchain has the libraries of programs that are built for development.
        if access("/opt/swift", F_OK) == 0 { bind("/opt/swift", at: "/opt/swift") }
        for device in ["null", "zero", "full", "random", "urandom"] {
            bind("/dev/\(device)", at: "/dev/\(device)", isWritable: true)
        }
        add("link", "/proc/self/fd", "\(root)/dev/fd")
        for (number, name) in ["stdin", "stdout", "stderr"].enumerated() {
            add("link", "/proc/self/fd/\(number)", "\(root)/dev/\(name)")
        }
        add("proc", "\(root)/proc")
        bind("/sys", at: "/sys")
        for folder in ["/tmp", "/var/tmp"] { add("folder", root + folder, "1777") }
        for folder in ["/run", "/root", "/home"] { add("folder", root + folder, "755") }
    }
}

/// What a container's and its pod's `securityContext` come to.
struct ContainerRights {
    var user: Int
    var group: Int
    var volumesGroup: Int?
    var isSealed: Bool
    var mayGainRights: Bool
    var hasNoCapabilities: Bool
    /// Why the kubelet does not start it.
    var refusal: String?

    init(_ container: JSONValue, _ pod: JSONValue, _ image: ProcessImage) {
        let (own, pods) = (container["securityContext"], pod["spec"]?["securityContext"])
        let number = { (name: String) in
            (own?[name] ?? pods?[name])?.integer.map { Int(clamping: $0) }
        }
        user = number("runAsUser") ?? image.user
        group = number("runAsGroup") ?? 0
        volumesGroup = pods?["fsGroup"]?.integer.map { Int(clamping: $0) }
        isSealed = own?["readOnlyRootFilesystem"]?.bool ?? false
        mayGainRights = own?["allowPrivilegeEscalation"]?.bool ?? true
        hasNoCapabilities = own?["capabilities"]?["drop"]?.array?.contains("ALL") ?? false
        if user == 0, (own?["runAsNonRoot"] ?? pods?["runAsNonRoot"])?.bool == true {
            refusal = "container has runAsNonRoot and image will run as root"
        }
    }

    func add(to plan: inout ContainerPlan) {
        if isSealed { plan.add("sealed") }
        plan.add("user", "\(user)", "\(group)", volumesGroup.map { "\($0)" } ?? "")
        if !mayGainRights { plan.add("no-new-rights") }
        if hasNoCapabilities { plan.add("no-capabilities") }
    }
}
