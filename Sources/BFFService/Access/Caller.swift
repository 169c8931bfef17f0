/// Who asks, as far as it has been shown.
enum Caller: Sendable, Equatable {
    /// A process of this machine, over the unix socket: its file lets only its owner in.
    case local
    /// A user of the network, by the name of his token.
    case user(String)
    /// A pod of a run.
    case run(String)
    /// Somebody on the network who showed nothing, where nothing is needed.
    case anybody

    /// As the log has it.
    var description: String {
        switch self {
        case .local: "local"
        case .user(let name): "user \(name)"
        case .run(let run): "run \(run)"
        case .anybody: "anybody"
        }
    }
}

/// Who may use an operation over the network. Over the unix socket everything is allowed.
enum OperationAccess: String, Sendable {
    /// Who has a user's token.
    case users
    /// The pods of one run, by its token.
    case pods
    /// Whoever can connect.
    case anybody
}
