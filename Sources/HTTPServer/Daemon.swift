internal import CMicrohttpd
internal import Glibc
internal import Runtime

/// One of libmicrohttpd's daemons, from its start to its one stop.
final class Daemon: @unchecked Sendable {
    // Because libmicrohttpd allows its daemon to be used from any thread, and nothing here changes after `init`; who stops it does so once.
    private let handle: OpaquePointer
    /// Of the socket that listens: libmicrohttpd closes what it is given when it does not start, which must not be everybody's.
    private let descriptor: Int32
    /// What libmicrohttpd may read for as long as it runs.
    private let certificate: UnsafeMutablePointer<CChar>?
    private let key: UnsafeMutablePointer<CChar>?

    /// Serves the connections of a socket that listens. `core` and the socket have to outlive it.
    ///
    /// - Throws: when it does not start, the socket as it was.
    init(on listening: ListeningSocket, core: ServerCore, identity: TLSIdentity?) throws(HTTPServerError) {
        var settings = cmhd_settings()
        let descriptor = fcntl(listening.descriptor, F_DUPFD_CLOEXEC, 0)
        settings.listen_socket = descriptor
        settings.threads = core.limits.threads
        settings.timeout_seconds = UInt32(max(core.limits.idleTimeout.components.seconds, 1))
        settings.connection_limit = core.limits.connections
        settings.connection_memory = core.limits.connectionMemory
        // Not retained: whoever stops the daemon keeps the core until it has ended.
        settings.context = Unmanaged.passUnretained(core).toOpaque()
        settings.connection = noteConnection
        settings.begin = beginExchange
        settings.advance = advanceExchange
        settings.end = endExchange
        certificate = identity.flatMap { Daemon.text($0.certificate) }
        key = identity.flatMap { Daemon.text($0.key) }
        settings.certificate = certificate.map { UnsafePointer($0) }
        settings.key = key.map { UnsafePointer($0) }
        var flags = UInt32(MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue)
        if identity != nil { flags |= UInt32(MHD_USE_TLS.rawValue) }
        guard descriptor >= 0, let handle = cmhd_start(flags, &settings) else {
            free(certificate)
            free(key)
            throw Daemon.failure(at: listening.address, hasIdentity: identity != nil)
        }
        self.handle = handle
        self.descriptor = descriptor
    }

    deinit {
        // Who stops it has it quiesced before, and a quiesced one leaves its socket open.
        close(descriptor)
        free(certificate)
        free(key)
    }

    /// A copy with a zero at its end; nil where there is a zero within, which is no PEM.
    private static func text(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar>? {
        guard !bytes.contains(0) else { return strdup("") }
        return (bytes + [0]).withUnsafeBytes { bytes in
            bytes.bindMemory(to: CChar.self).baseAddress.flatMap { strdup($0) }
        }
    }

    private static func failure(at address: ServerAddress, hasIdentity: Bool) -> HTTPServerError {
        if hasIdentity, !TLSIdentity.isSupported {
            return HTTPServerError(
                .cannotListen, "listen at \(address): this build of libmicrohttpd does not speak TLS")
        }
        return HTTPServerError(
            .cannotListen,
            "listen at \(address): libmicrohttpd did not start, "
                + (hasIdentity
                    ? "most likely because certificate and key are not in PEM or do not belong together"
                    : "for want of memory, threads or descriptors"))
    }

    /// Accepts nobody any more. The socket goes on listening, for another daemon.
    func quiesce() { MHD_quiesce_daemon(handle) }

    /// How many connections are open.
    var connectionCount: Int { Int(cmhd_connection_count(handle)) }

    /// Ends it. None of its connections may be suspended: libmicrohttpd would abort the process.
    func stop() async {
        await withCheckedContinuation { continuation in
            // It waits for its threads.
            Thread.detach { [self] in
                MHD_stop_daemon(handle)
                continuation.resume()
            }
        }
    }
}
