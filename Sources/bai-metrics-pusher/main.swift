import Deployment
import MetricsPusherService

await ServiceProgram.run("bai-metrics-pusher") { context in
    MetricsPusher(store: try context.openStore(), time: context.time, output: context.output)
}
