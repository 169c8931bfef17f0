import Deployment
import ExecutorService

await ServiceProgram.run("bai-executor") { context in
    let objects = try await context.openObjects()
    return Executor(
        runner: context.localRunner, slots: context.localSlots, capacity: context.slotCount,
        time: context.time,
        output: context.output, locate: LocalContents.locator(in: objects))
}
