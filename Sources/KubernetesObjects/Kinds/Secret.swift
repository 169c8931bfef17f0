/// `v1` Secret: small files that only the pods that mount it can read.
package struct Secret: Codable, Equatable, Sendable {
    package var apiVersion = "v1"
    package var kind = "Secret"
    package var metadata: ObjectMetadata
    package var type = "Opaque"
    /// The files by name. The server keeps them as base64 under `data` and never gives `stringData` back.
    package var stringData: [String: String]
    /// Nobody may change it, and kubelets need not watch it.
    package var immutable: Bool
}
