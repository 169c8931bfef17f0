internal import CLinux
internal import Glibc
internal import Runtime

/// A process for ever: its number alone may come back as another process.
package struct ProcessIdentity: Codable, Hashable, Sendable {
    package var processID: Int32
    /// When it started, in clock ticks since the machine did.
    package var startTicks: UInt64
    /// Which start of the machine that was; nil where the kernel does not tell.
    package var boot: String?

    /// The process that has this number now; nil when there is none.
    package init?(_ processID: Int32) {
        guard let entry = ProcessTable.entry(processID) else { return nil }
        self.init(processID: processID, startTicks: entry.startTicks, boot: ProcessTable.boot)
    }

    package init(processID: Int32, startTicks: UInt64, boot: String?) {
        self.processID = processID
        self.startTicks = startTicks
        self.boot = boot
    }

    /// Whether it still runs; one that has ended but was not waited for does not.
    package var isAlive: Bool {
        guard boot == ProcessTable.boot, let entry = ProcessTable.entry(processID) else { return false }
        return entry.startTicks == startTicks && !entry.isDead
    }

    private enum CodingKeys: String, CodingKey {
        case boot
        case processID = "process_id"
        case startTicks = "start_ticks"
    }
}

/// What `/proc` says about processes.
package enum ProcessTable {
    /// One process.
    package struct Entry: Equatable, Sendable {
        package var processID: Int32
        package var parent: Int32
        package var group: Int32
        package var startTicks: UInt64
        /// It has ended; only its parent has not been told.
        package var isDead: Bool
        /// In memory now, in bytes.
        package var residentMemory: Int64

        package init(
            processID: Int32, parent: Int32, group: Int32, startTicks: UInt64, isDead: Bool,
            residentMemory: Int64
        ) {
            self.processID = processID
            self.parent = parent
            self.group = group
            self.startTicks = startTicks
            self.isDead = isDead
            self.residentMemory = residentMemory
        }
    }

    /// Names this start of the machine; nil where the kernel does not tell.
    package static let boot = SystemFile.text("/proc/sys/kernel/random/boot_id")

    /// The process with this number; nil when there is none.
    package static func entry(_ processID: Int32) -> Entry? {
        guard let line = SystemFile.text("/proc/\(processID)/stat") else { return nil }
        return parse(line)
    }

    /// All processes that this one can see.
    package static func all() -> [Entry] { processIDs().compactMap(entry) }

    /// The processes of `entries` that `root` started, and those that they started.
    package static func descendants(of root: Int32, in entries: [Entry]) -> [Entry] {
        let children = Dictionary(grouping: entries, by: \.parent)
        var found: [Entry] = []
        var pending = children[root] ?? []
        while let next = pending.popLast() {
            found.append(next)
            pending += children[next.processID] ?? []
        }
        return found
    }

    /// Whether the environment that the process was started with has `variable` (`NAME=value`). False where it cannot be read.
    package static func environment(of processID: Int32, has variable: String) -> Bool {
        guard let bytes = SystemFile.bytes("/proc/\(processID)/environ") else { return false }
        return bytes.split(separator: 0).contains { $0.elementsEqual(variable.utf8) }
    }

    /// Reads one line of `/proc/<pid>/stat`. The program's name is in parentheses and may hold anything, parentheses too.
    static func parse(_ line: String) -> Entry? {
        guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: close)...].split(separator: " ")
        // Numbered as in proc(5), where the state is field 3.
        func field(_ number: Int) -> Substring? { fields.count > number - 3 ? fields[number - 3] : nil }
        guard let processID = Int32(line[..<open].filter { $0 != " " }), let state = field(3),
            let parent = field(4).flatMap({ Int32($0) }), let group = field(5).flatMap({ Int32($0) }),
            let start = field(22).flatMap({ UInt64($0) }), let pages = field(24).flatMap({ Int64($0) })
        else { return nil }
        return Entry(
            processID: processID, parent: parent, group: group, startTicks: start,
            isDead: state == "Z" || state == "X", residentMemory: pages * pageSize)
    }

    private static let pageSize = Int64(sysconf(Int32(_SC_PAGESIZE)))

    private static func processIDs() -> [Int32] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let processID = Int32(name) { found.append(processID) }
        }
        return found
    }
}
