import Deployment
import WatcherService

await ServiceProgram.run("bai-watcher") { context in Watcher(runner: try context.makeRunner()) }
