internal import FoundationEssentials
internal import JSON
internal import Manifests
package import Runtime

/// A kubeconfig: clusters, users and contexts, merged from one file or several as kubectl does.
///
///     let connection = try Kubeconfig.load(environment: environment).connection()
package struct Kubeconfig: Sendable {
    /// An entry, with the folder that its relative paths begin at.
    private struct Entry: Sendable {
        var value: JSONValue
        var folder: String
    }

    private var clusters: [String: Entry] = [:]
    private var users: [String: Entry] = [:]
    private var contexts: [String: Entry] = [:]
    /// The context to use when none is named.
    package private(set) var currentContext: String?
    private let time: any TimeSource

    /// The contexts' names, sorted.
    package var contextNames: [String] { contexts.keys.sorted() }

    /// Reads the files named: of what several define, the first counts. Those that are not there are passed over unless it is the only one.
    package init(files: [String], time: any TimeSource = SystemTime()) throws(KubernetesError) {
        self.time = time
        var found = 0
        for path in files {
            guard let bytes = SystemFile.bytes(path) else { continue }
            found += 1
            try merge(bytes, path: path)
        }
        guard found > 0 else {
            throw KubernetesError(
                .configuration,
                "read the kubeconfig \(files.joined(separator: ", ")): the file is not there or not readable")
        }
    }

    /// The one that `KUBECONFIG` names, or `~/.kube/config`.
    package static func load(
        environment: [String: String], time: any TimeSource = SystemTime()
    ) throws(KubernetesError) -> Kubeconfig {
        let named = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
        if !named.isEmpty { return try Kubeconfig(files: named, time: time) }
        return try Kubeconfig(files: ["\(environment["HOME"] ?? "")/.kube/config"], time: time)
    }

    // MARK: Reading

    private mutating func merge(_ bytes: [UInt8], path: String) throws(KubernetesError) {
        let document: JSONValue
        do {
            document = try YAML.documents(in: bytes).first ?? [:]
        } catch {
            throw KubernetesError(.configuration, "read the kubeconfig \(path):\(error)")
        }
        if currentContext == nil, let name = document["current-context"]?.string, !name.isEmpty {
            currentContext = name
        }
        let folder = String(path.contains("/") ? path[..<(path.lastIndex(of: "/") ?? path.endIndex)] : ".")
        try merge(document, "clusters", "cluster", folder, path, into: \.clusters)
        try merge(document, "users", "user", folder, path, into: \.users)
        try merge(document, "contexts", "context", folder, path, into: \.contexts)
    }

    private mutating func merge(
        _ document: JSONValue, _ list: String, _ member: String, _ folder: String, _ path: String,
        into entries: WritableKeyPath<Kubeconfig, [String: Entry]>
    ) throws(KubernetesError) {
        guard let values = document[list], values != .null else { return }
        guard let array = values.array else {
            throw KubernetesError(
                .configuration, "read the kubeconfig \(path): \(list) must be a list, not \(values.kindName)")
        }
        for value in array {
            guard let name = value["name"]?.string, self[keyPath: entries][name] == nil else { continue }
            self[keyPath: entries][name] = Entry(value: value[member] ?? [:], folder: folder)
        }
    }

    // MARK: Connecting

    /// How to reach the cluster of a context, as its user.
    ///
    /// - Parameter context: its name; nil is the current one.
    package func connection(context: String? = nil) throws(KubernetesError) -> ClusterConnection {
        guard let name = context ?? currentContext else {
            throw Kubeconfig.wrong("there is no current-context; name one of: \(listed(contexts))")
        }
        guard let entry = contexts[name] else {
            throw Kubeconfig.wrong("there is no context '\(name)', there are: \(listed(contexts))")
        }
        let clusterName = try text(entry, "cluster", of: "context '\(name)'") ?? ""
        guard let cluster = clusters[clusterName] else {
            throw Kubeconfig.wrong(
                "context '\(name)' names the cluster '\(clusterName)', there are: \(listed(clusters))")
        }
        let userName = try text(entry, "user", of: "context '\(name)'") ?? ""
        if !userName.isEmpty, users[userName] == nil {
            throw Kubeconfig.wrong(
                "context '\(name)' names the user '\(userName)', there are: \(listed(users))")
        }
        var connection = try self.connection(to: cluster, called: clusterName)
        if let user = users[userName] { try identify(&connection, as: user, called: userName, cluster) }
        connection.namespace = try text(entry, "namespace", of: "context '\(name)'") ?? "default"
        return connection
    }

    private func connection(
        to cluster: Entry, called name: String
    ) throws(KubernetesError) -> ClusterConnection {
        let place = "cluster '\(name)'"
        guard let server = try text(cluster, "server", of: place) else {
            throw Kubeconfig.wrong("\(place) has no server")
        }
        guard server.hasPrefix("https://") || server.hasPrefix("http://") else {
            throw Kubeconfig.wrong("\(place): server must begin with https:// or http://, it is '\(server)'")
        }
        var connection = ClusterConnection(server: server)
        connection.authorities = try data(cluster, "certificate-authority", of: place)
        connection.serverName = try text(cluster, "tls-server-name", of: place)
        connection.proxy = try text(cluster, "proxy-url", of: place)
        connection.isInsecure = cluster.value["insecure-skip-tls-verify"]?.bool ?? false
        if connection.isInsecure, connection.authorities != nil {
            throw Kubeconfig.wrong(
                "\(place): insecure-skip-tls-verify and a certificate-authority exclude each other")
        }
        if connection.isInsecure {
            connection.warnings.append(
                "the certificate of \(server) is not checked (insecure-skip-tls-verify of \(place)): anybody on the way can read and change everything"
            )
        }
        return connection
    }

    private func identify(
        _ connection: inout ClusterConnection, as user: Entry, called name: String, _ cluster: Entry
    ) throws(KubernetesError) {
        let place = "user '\(name)'"
        if user.value["auth-provider"] != nil {
            throw Kubeconfig.wrong(
                "\(place): auth-provider was removed from Kubernetes 1.26; use a credential plugin (exec)")
        }
        var fixed = Credential()
        fixed.certificate = try data(user, "client-certificate", of: place).map {
            String(decoding: $0, as: UTF8.self)
        }
        fixed.certificateKey = try data(user, "client-key", of: place).map {
            Secret(String(decoding: $0, as: UTF8.self))
        }
        guard (fixed.certificate == nil) == (fixed.certificateKey == nil) else {
            throw Kubeconfig.wrong("\(place) has only one of client-certificate and client-key")
        }
        connection.credentials = try credentials(user, place, fixed, connection)
        connection.impersonation = impersonation(user)
    }

    /// The first of: a token's file, a token, a user's password, a program; with a certificate beside it.
    private func credentials(
        _ user: Entry, _ place: String, _ fixed: Credential, _ connection: ClusterConnection
    ) throws(KubernetesError) -> any CredentialSource {
        var fixed = fixed
        if let file = try text(user, "tokenFile", of: place) {
            return TokenFile(path: absolute(file, in: user.folder), rest: fixed, time: time)
        }
        if let token = try text(user, "token", of: place) {
            fixed.authorization = Secret("Bearer \(token)")
        } else if let username = try text(user, "username", of: place) {
            let password = try text(user, "password", of: place) ?? ""
            fixed.authorization = Secret(
                "Basic " + Data("\(username):\(password)".utf8).base64EncodedString())
        } else if let program = user.value["exec"], program != .null {
            let setup = try plugin(Entry(value: program, folder: user.folder), place, connection)
            return CredentialPlugin(setup, rest: fixed, time: time)
        }
        return FixedCredentials(fixed)
    }

    private func plugin(
        _ entry: Entry, _ place: String, _ connection: ClusterConnection
    ) throws(KubernetesError) -> CredentialPlugin.Setup {
        let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]
        guard let version = try text(entry, "apiVersion", of: place), versions.contains(version) else {
            throw Kubeconfig.wrong("\(place): exec.apiVersion must be \(versions.joined(separator: " or "))")
        }
        guard let command = try text(entry, "command", of: place) else {
            throw Kubeconfig.wrong("\(place): exec has no command")
        }
        // Only with a slash in it is a command a path.
        let program = command.contains("/") ? absolute(command, in: entry.folder) : command
        var setup = CredentialPlugin.Setup(apiVersion: version, command: program)
        setup.arguments = entry.value["args"]?.array?.compactMap(\.string) ?? []
        for variable in entry.value["env"]?.array ?? [] {
            guard let name = variable["name"]?.string else { continue }
            setup.environment[name] = variable["value"]?.string ?? ""
        }
        setup.installHint = try text(entry, "installHint", of: place)
        setup.interactiveMode = try text(entry, "interactiveMode", of: place) ?? "IfAvailable"
        if entry.value["provideClusterInfo"]?.bool == true {
            setup.cluster = String(decoding: clusterInformation(connection).bytes, as: UTF8.self)
        }
        return setup
    }

    private func clusterInformation(_ connection: ClusterConnection) -> JSONValue {
        var information: JSONValue = ["server": .string(connection.server)]
        if connection.isInsecure { information["insecure-skip-tls-verify"] = true }
        if let name = connection.serverName { information["tls-server-name"] = .string(name) }
        if let proxy = connection.proxy { information["proxy-url"] = .string(proxy) }
        if let authorities = connection.authorities {
            information["certificate-authority-data"] = .string(Data(authorities).base64EncodedString())
        }
        return information
    }

    private func impersonation(_ user: Entry) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if let name = user.value["as"]?.string { headers.append(("Impersonate-User", name)) }
        if let uid = user.value["as-uid"]?.string { headers.append(("Impersonate-Uid", uid)) }
        for group in user.value["as-groups"]?.array?.compactMap(\.string) ?? [] {
            headers.append(("Impersonate-Group", group))
        }
        return headers
    }

    // MARK: Values

    /// A text; nil when it is not there or empty.
    private func text(_ entry: Entry, _ key: String, of place: String) throws(KubernetesError) -> String? {
        guard let value = entry.value[key], value != .null else { return nil }
        guard let text = value.string else {
            throw Kubeconfig.wrong("\(place): \(key) must be a text, not \(value.kindName); put it in quotes")
        }
        return text.isEmpty ? nil : text
    }

    /// What `key-data` holds in base64, or else the file that `key` names; nil when neither is there.
    private func data(_ entry: Entry, _ key: String, of place: String) throws(KubernetesError) -> [UInt8]? {
        if let encoded = try text(entry, "\(key)-data", of: place) {
            guard let data = Data(base64Encoded: encoded, options: .ignoreUnknownCharacters), !data.isEmpty
            else {
                throw Kubeconfig.wrong("\(place): \(key)-data is not base64")
            }
            return Array(data)
        }
        guard let file = try text(entry, key, of: place) else { return nil }
        let path = absolute(file, in: entry.folder)
        guard let bytes = SystemFile.bytes(path), !bytes.isEmpty else {
            throw Kubeconfig.wrong("\(place): \(key) is \(path), which is not there, empty or not readable")
        }
        return bytes
    }

    private func absolute(_ path: String, in folder: String) -> String {
        path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }

    private func listed(_ entries: [String: Entry]) -> String {
        entries.isEmpty ? "none" : entries.keys.sorted().joined(separator: ", ")
    }

    private static func wrong(_ words: String) -> KubernetesError {
        KubernetesError(.configuration, "read the kubeconfig: \(words)")
    }
}
