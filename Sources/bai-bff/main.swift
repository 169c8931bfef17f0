import BFFService
import Deployment
import HTTPServer
import Runtime

await ServiceProgram.run("bai-bff") { context in
    let installation = context.installation
    let service = BFFService(
        log: context.log, store: try context.openStore(),
        model: ReadModelFile(path: installation.readModelFile), objects: try await context.openObjects(),
        node: context.node, time: context.time, output: context.output, failPoints: context.failPoints)
    let network = try context.settings.api(of: installation).map { api in
        if api.isExposed {
            context.output.warning("tokens are sent without TLS", ["setting": "api.insecure"])
        }
        return NetworkListener(
            address: .tcp(host: api.host, port: api.port),
            identity: api.certificate.flatMap { certificate in
                api.key.map { IdentityFiles(certificate: certificate, key: $0) }
            }, tokens: api.tokens, key: try context.installationKey())
    }
    try await service.serve(at: .unixSocket(installation.socket), network: network)
}
