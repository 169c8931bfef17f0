import Deployment
import ExecutorService

await ServiceProgram.run("bai-executor") { context in
    let objects = try await context.openObjects()
    return Executor(
        runner: try context.makeRunner(), slots: context.slotPool, capacity: context.capacity,
        time: context.time,
        output: context.output, locate: context.locator(in: objects))
}
