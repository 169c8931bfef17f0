@preconcurrency import Glibc

// The process benchmarks start this program again, as one of many publishers.
if try await LogProcessBenchmarks.play(CommandLine.arguments) { exit(0) }

/// What can be measured, in the order of the report. Arguments choose: `log` is all whose names begin with it; none is everything.
let groups: [(name: String, run: () async throws -> Void)] = [
    ("log-publish", LogBenchmarks.publishing),
    ("log-consume", LogBenchmarks.consuming),
    ("log-checkpoints", LogSizeBenchmarks.checkpoints),
    ("log-clean", LogBenchmarks.cleaning),
    ("log-compact", LogSizeBenchmarks.compacting),
    ("log-deliver", LogProcessBenchmarks.delivering),
    ("log-processes", LogProcessBenchmarks.publishingTogether),
    ("log-idle", LogProcessBenchmarks.idling),
    ("log-open", LogSizeBenchmarks.opening),
    ("log-peers", LogPeerBenchmarks.run),
    ("stack", StackBenchmarks.run),
    ("load", LoadBenchmarks.run),
    ("list", ListBenchmarks.run),
    ("intake", IntakeBenchmarks.run),
    ("client", ClientLibraryBenchmarks.run),
]
// A line is worth seeing when it is there, in a file too.
setlinebuf(stdout)
let chosen = CommandLine.arguments.dropFirst()
for choice in chosen where !groups.contains(where: { $0.name.hasPrefix(choice) }) {
    print("there is no benchmark \(choice); there are: \(groups.map(\.name).joined(separator: " "))")
    exit(2)
}
for group in groups where chosen.isEmpty || chosen.contains(where: { group.name.hasPrefix($0) }) {
    try await group.run()
}
