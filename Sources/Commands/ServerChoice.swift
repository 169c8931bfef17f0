internal import BFFClient
internal import CommandLineArguments
internal import Configuration
internal import Deployment
internal import Glibc

/// Which API the command talks to, and what it shows there: `--server`, else the environment, else bai.toml, else this machine's own.
struct ServerChoice {
    let endpoint: BFFEndpoint
    let access: BFFAccess
    /// Whether it is this installation's own socket.
    let isOwn: Bool

    /// Whether it is reached over the network.
    var isRemote: Bool {
        if case .url = endpoint { true } else { false }
    }

    init(
        _ invocation: Invocation, _ installation: Installation, _ environment: [String: String]
    ) throws {
        // Commands that look into what is wrong with bai.toml must work when something is.
        let settings = try? InstallationSettings.resolve(installation, environment: environment).settings
        func setting(_ setting: Setting<String?>) -> String? {
            settings.map { $0[setting] } ?? environment[setting.declaration.variable]
        }
        let address = invocation.value("server") ?? setting(InstallationSettings.server)
        isOwn = address == nil
        guard let endpoint = BFFEndpoint(address ?? "unix:\(installation.socket)") else {
            throw UsageError("--server is unix:PATH or http(s)://HOST:PORT, not '\(address ?? "")'.")
        }
        self.endpoint = endpoint
        guard case .url = endpoint else {
            access = BFFAccess()
            return
        }
        let token =
            try setting(InstallationSettings.token)
            ?? setting(InstallationSettings.tokenFile).map(ServerChoice.token(in:))
        if token != nil, !endpoint.isPrivate {
            throw CommandFailure(
                .usage,
                "Over \(endpoint) everybody on the way can read the token, so it is not sent. Use https://.")
        }
        access = BFFAccess(token: token, authorities: setting(InstallationSettings.authorities))
    }

    /// The token in a file that nobody else can read.
    private static func token(in path: String) throws(CommandFailure) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw CommandFailure(.notFound, "\(path) (BAI_TOKEN_FILE): \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw CommandFailure(
                .notAllowed, "\(path) (BAI_TOKEN_FILE) can be read by others: chmod 600 \(path)")
        }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = max(read(descriptor, &bytes, bytes.count), 0)
        let words = bytes[..<count].split { $0 <= 0x20 }
        guard words.count == 1 else {
            throw CommandFailure(.usage, "\(path) (BAI_TOKEN_FILE) must hold one token and nothing else.")
        }
        return String(decoding: words[0], as: UTF8.self)
    }
}
