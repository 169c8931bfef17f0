internal import Glibc
internal import Runtime

/// Why a content could not be fetched or found.
package struct ObjectStoreError: Retryable, Equatable, Sendable, CustomStringConvertible {
    /// The words are the reasons that runs end with.
    package enum Code: String, Sendable, CaseIterable {
        case notFound = "NotFound"
        case accessDenied = "AccessDenied"
        case digestMismatch = "DigestMismatch"
        case tooLarge = "TooLarge"
        /// A name that leads out of where it belongs.
        case unsafePath = "UnsafePath"
        case badArchive = "BadArchive"
        case unsupportedSource = "UnsupportedSource"
        /// An address that data is not fetched from (`fetcher.link_local`).
        case forbiddenAddress = "ForbiddenAddress"
        /// The network or the server, after all retries.
        case downloadFailed = "DownloadFailed"
        /// The store's own disk: full, read-only, broken.
        case storeUnavailable = "StoreUnavailable"
        case canceled = "Canceled"
    }

    package var code: Code
    /// What was fetched from where, without credentials, what is wrong with it, and what to do.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same call may succeed later, with nothing changed on this side.
    package var isTransient: Bool { code == .storeUnavailable }

    package var description: String { message }

    /// What the system's refusal means for the content at `path`.
    static func reading(_ path: String, _ code: Int32 = errno) -> ObjectStoreError {
        let words = "\(path): \(String(cString: strerror(code)))"
        return switch code {
        case ENOENT, ENOTDIR: ObjectStoreError(.notFound, words)
        case EACCES, EPERM: ObjectStoreError(.accessDenied, words)
        case ELOOP, ENAMETOOLONG: ObjectStoreError(.unsafePath, words)
        default: ObjectStoreError(.downloadFailed, words)
        }
    }

    /// The store itself could not be read or written.
    static func store(_ operation: String, _ code: Int32 = errno) -> ObjectStoreError {
        ObjectStoreError(
            .storeUnavailable, "the object store: \(operation): \(String(cString: strerror(code)))")
    }

    static let cancellation = ObjectStoreError(.canceled, "canceled")
}
