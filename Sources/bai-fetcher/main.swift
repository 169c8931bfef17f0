import Deployment
import FetcherService

await ServiceProgram.run("bai-fetcher") { context in
    Fetcher(
        store: try await context.openObjects(), secrets: context.secrets, time: context.time,
        output: context.output)
}
