import Glibc

// The process benchmarks start this program again, as one of many publishers.
if try await LogProcessBenchmarks.play(CommandLine.arguments) { exit(0) }
try await LogBenchmarks.run()
try await StackBenchmarks.run()
try await ClientLibraryBenchmarks.run()
