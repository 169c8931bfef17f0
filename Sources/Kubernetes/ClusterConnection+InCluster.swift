package import Runtime

extension ClusterConnection {
    /// Where the kubelet puts a service account's files.
    package static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The connection that a pod has to its own cluster: by the pod's service account, whose token is read again as it is renewed.
    ///
    /// - Parameters:
    ///   - environment: where `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` are.
    ///   - folder: where the service account's files are.
    package static func inCluster(
        environment: [String: String], folder: String = serviceAccountFolder,
        time: any TimeSource = SystemTime()
    ) throws(KubernetesError) -> ClusterConnection {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
            let port = environment["KUBERNETES_SERVICE_PORT"], UInt16(port) != nil
        else {
            throw KubernetesError(
                .configuration,
                "connect from inside of a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; "
                    + "outside of one, give a kubeconfig")
        }
        guard let authorities = SystemFile.bytes("\(folder)/ca.crt"), !authorities.isEmpty else {
            throw KubernetesError(
                .configuration,
                "connect from inside of a cluster: \(folder)/ca.crt cannot be read; "
                    + "does the pod have automountServiceAccountToken: false?")
        }
        let name = host.contains(":") ? "[\(host)]" : host
        var connection = ClusterConnection(
            server: "https://\(name):\(port)", namespace: SystemFile.text("\(folder)/namespace") ?? "default",
            credentials: TokenFile(path: "\(folder)/token", time: time))
        connection.authorities = authorities
        return connection
    }
}
