internal import FoundationEssentials
internal import Glibc
package import Runtime

/// Where everything of one installation on this machine is: one folder, `BAI_HOME`.
package struct Installation: Sendable, Equatable {
    package var home: String

    package init(home: String) {
        self.home = home
    }

    /// From the environment: `BAI_HOME`, else `$XDG_STATE_HOME/benchmark-ai`, else `~/.local/state/benchmark-ai`.
    package init(environment: [String: String]) {
        if let home = environment["BAI_HOME"], !home.isEmpty {
            self.init(home: Installation.absolute(home))
        } else if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            self.init(home: "\(state)/benchmark-ai")
        } else {
            self.init(home: "\(environment["HOME"] ?? "/tmp")/.local/state/benchmark-ai")
        }
    }

    package var logFile: String { "\(home)/log.db" }
    package var storeFile: String { "\(home)/store.db" }
    package var readModelFile: String { "\(home)/read-model.db" }
    package var objects: String { "\(home)/objects" }
    package var attempts: String { "\(home)/attempts" }
    package var slots: String { "\(home)/slots" }
    package var runFolder: String { "\(home)/run" }
    package var serviceLogs: String { "\(home)/logs" }
    /// Where secrets are unless the settings say another place.
    package var secrets: String { "\(home)/secrets" }
    /// The key that run tokens are made with. Not among the secrets: those are for descriptors to name.
    package var keyFile: String { "\(home)/key" }
    package var configurationFile: String { "\(home)/bai.toml" }

    /// What all programs of the installation go by to tell the time (`ClockAnchor`).
    package var clock: String { "\(runFolder)/clock" }

    /// The API's socket.
    package var socket: String { "\(runFolder)/bff.sock" }

    /// The socket where a service answers `/health` and `/metrics`.
    package func healthSocket(of service: String) -> String { "\(runFolder)/\(service).sock" }

    /// The file whose lock says that a service runs here, with its process id in it.
    package func lock(of service: String) -> String { "\(runFolder)/\(service).lock" }

    /// The file that a service's log lines go to.
    package func logLines(of service: String) -> String { "\(serviceLogs)/\(service).log" }

    /// The installation's time, as its services tell it; the machine's own where none has been started yet.
    package var time: SystemTime { SystemTime(anchor: ClockAnchor.read(clock)) }

    /// Makes the folders, readable by their owner alone.
    package func prepare() throws(SystemError) {
        for folder in [home, objects, attempts, slots, secrets, runFolder, serviceLogs] {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw SystemError("make folder \(folder) (set BAI_HOME to a place that can be written)")
            }
        }
    }

    /// What tells this installation from others on the same cluster: made up once, and kept.
    package func identity() throws(SystemError) -> String {
        let path = "\(home)/installation"
        if let known = SystemFile.text(path), !known.isEmpty { return known }
        let fresh = UUID().uuidString.lowercased()
        do {
            // Of several that start at once, one writes it.
            try Data("\(fresh)\n".utf8).write(to: URL(filePath: path), options: .withoutOverwriting)
        } catch {
            guard let known = SystemFile.text(path), !known.isEmpty else {
                throw SystemError("write \(path)", code: EIO)
            }
            return known
        }
        return fresh
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
}
