if try await !LogProcessBenchmarks.play(CommandLine.arguments) {
    try await LogBenchmarks.run()
}
