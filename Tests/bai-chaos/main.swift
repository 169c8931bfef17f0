@preconcurrency import Glibc

// A peer that was killed in the middle of an answer is an error to handle, no reason to die.
signal(SIGPIPE, SIG_IGN)
setvbuf(stdout, nil, _IOLBF, 0)
do {
    let options = try ChaosOptions(CommandLine.arguments.dropFirst())
    exit(try await Campaign.run(options) ? 0 : 1)
} catch let error as ChaosOptions.Mistake {
    print(error.message)
    print(ChaosOptions.usage)
    exit(2)
} catch {
    print("chaos could not go on: \(error)")
    exit(1)
}
