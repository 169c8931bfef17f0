/// One object as it is sent to the API server; its JSON has stable bytes.
package enum KubernetesObject: Encodable, Equatable, Sendable {
    case secret(Secret)
    case service(Service)
    case job(Job)
    case mpiJob(MPIJob)

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .secret(let secret): try secret.encode(to: encoder)
        case .service(let service): try service.encode(to: encoder)
        case .job(let job): try job.encode(to: encoder)
        case .mpiJob(let job): try job.encode(to: encoder)
        }
    }

    /// Name, labels, annotations and owners.
    package var metadata: ObjectMetadata {
        get {
            switch self {
            case .secret(let secret): secret.metadata
            case .service(let service): service.metadata
            case .job(let job): job.metadata
            case .mpiJob(let job): job.metadata
            }
        }
        set {
            switch self {
            case .secret(var secret):
                secret.metadata = newValue
                self = .secret(secret)
            case .service(var service):
                service.metadata = newValue
                self = .service(service)
            case .job(var job):
                job.metadata = newValue
                self = .job(job)
            case .mpiJob(var job):
                job.metadata = newValue
                self = .mpiJob(job)
            }
        }
    }

    /// `Job`, `Service`.
    package var kind: String {
        switch self {
        case .secret(let secret): secret.kind
        case .service(let service): service.kind
        case .job(let job): job.kind
        case .mpiJob(let job): job.kind
        }
    }
}
