import BFFService
import Deployment
import HTTPServer

await ServiceProgram.run("bai-bff") { context in
    let installation = context.installation
    let service = BFFService(
        log: context.log, store: try context.openStore(),
        model: ReadModelFile(path: installation.readModelFile), node: context.node, time: context.time,
        output: context.output, failPoints: context.failPoints)
    try await service.serve(at: .unixSocket(installation.socket))
}
