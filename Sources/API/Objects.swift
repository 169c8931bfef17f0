/// How pods get what the object store keeps: `GET <objects>/v1/objects/<sha256>` with `Authorization: Bearer <the run's token>`.
///
/// A file's body is its bytes; `Range` is honoured, so that a download goes on where it broke off. A folder's body is a tar archive of its files, folders and
/// links, whose names are relative; only whole ones are given. Whoever asks checks the digest of what it wrote: the SHA-256 of the file, or of the folder's manifest.
package enum ObjectDelivery {
    /// Below the server's address.
    package static func path(sha256: String) -> String { "/v1/objects/\(sha256)" }

    /// The response's header that says what the object is: `file` or `directory`, as `FetchedContent.Kind`.
    package static let kindHeader = "BAI-Object-Kind"
    /// Of a folder's body.
    package static let archiveType = "application/x-tar"
}
