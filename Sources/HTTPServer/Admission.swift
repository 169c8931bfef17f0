/// What becomes of a request whose head is there. It is decided before the body comes: who may not ask for anything must not fill the memory.
package enum Admission: Sendable {
    /// The body is kept in memory; nil leaves its largest size to the server's limits.
    case gather(most: Int?)
    /// The body is written to a new file at `path`, up to so many bytes, and may take so long to arrive. It is the handler's: `ServerRequest.bodyFile`.
    case spool(path: String, most: Int, within: Duration)
    /// No handler sees the request.
    case refuse(ServerResponse)
}
