internal import Events
internal import FoundationEssentials
internal import JobRunner
internal import Runtime

extension LocalStack {
    /// Ends the attempts that run, as a failure of the machine: they are made again when the services are up. Returns when they have ended.
    ///
    /// - Returns: how many there were.
    func interruptAttempts() async -> Int {
        let running = runningAttempts()
        if running.isEmpty { return 0 }
        let runner = LocalRunner(
            attempts: installation.attempts, agent: ProgramFolder.program("bai-agent"), environment: [:],
            time: installation.time)
        await withTaskGroup(of: Void.self) { group in
            for (run, number) in running {
                group.addTask {
                    let reference = runner.reference(run: run, attempt: number)
                    // One that cannot be asked is found by its deadline, or as vanished, when the services are up again.
                    try? await runner.stop(reference, grace: LocalStack.attemptGrace, reason: .interrupted)
                    for await observation in runner.observe(reference) {
                        if case .finished = observation { break }
                    }
                }
            }
        }
        return running.count
    }

    /// How long an attempt has to end in peace when the services are taken down.
    private static let attemptGrace = Duration.seconds(3)

    /// The attempts whose supervisor lives.
    func runningAttempts() -> [(run: String, number: Int)] {
        let names = { (path: String) in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
        return names(installation.attempts).flatMap { run in
            names("\(installation.attempts)/\(run)").compactMap { name in
                guard let number = Int(name),
                    FileLock.isHeld(AttemptFolder("\(installation.attempts)/\(run)/\(name)").lock)
                else { return nil }
                return (run, number)
            }
        }
    }
}
