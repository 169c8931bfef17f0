/// The files of an attempt's Secret.
enum AttemptSecret {
    static let hostfile = "hostfile"
    static let token = "token"

    /// The file with one of the installation's secrets.
    static func key(secret: String) -> String { "secret.\(secret)" }

    /// The file with the order of the pods of `role`.
    static func orderKey(_ role: PodRole) -> String { "\(role.rawValue).json" }
}
