internal import CCurl
internal import Glibc
internal import Runtime

/// Owns libcurl's multi handle and the one thread that performs all transfers of a client.
///
/// Everybody else leaves commands in the inbox and wakes the thread.
final class TransferDriver: Sendable {
    private enum Command {
        case add(Transfer)
        case remove(Transfer)
        case resume(Transfer)
    }

    private struct Inbox {
        var commands: [Command] = []
        var isClosed = false
        /// What wakes the thread; nil before it has started and after it has ended.
        var multi: MultiHandle?
    }

    /// libcurl's handle for many transfers.
    private struct MultiHandle: @unchecked Sendable {
        // Because only the driver's thread uses it, but for `curl_multi_wakeup`, which any thread may call.
        let raw: UnsafeMutableRawPointer
    }

    private let inbox = Locked(Inbox())
    private let limits: HTTPClient.Limits

    init(limits: HTTPClient.Limits) {
        self.limits = limits
    }

    /// Starts the transfer, and the thread if this is the first.
    func submit(_ transfer: Transfer) {
        let failure = inbox.withLock { inbox -> HTTPClientError? in
            guard !inbox.isClosed else { return transfer.canceled }
            if inbox.multi == nil {
                guard let multi = makeMulti() else {
                    return HTTPClientError(
                        .failed, "\(transfer.label): libcurl has no memory for a multi handle")
                }
                inbox.multi = multi
                Thread.detach { self.run(multi) }
            }
            post(.add(transfer), to: &inbox)
            return nil
        }
        if let failure { transfer.channel.finish(.failure(failure)) }
    }

    /// Ends the transfer: whoever waits for it has the error at once, and the thread lets go of it as soon as it can.
    func cancel(_ transfer: Transfer) {
        guard transfer.channel.finish(.failure(transfer.canceled)) else { return }
        inbox.withLock { post(.remove(transfer), to: &$0) }
    }

    /// Goes on with a transfer that paused.
    func resume(_ transfer: Transfer) {
        inbox.withLock { post(.resume(transfer), to: &$0) }
    }

    /// Ends all transfers and the thread.
    func close() {
        inbox.withLock { inbox in
            inbox.isClosed = true
            if let multi = inbox.multi { curl_multi_wakeup(multi.raw) }
        }
    }

    private func post(_ command: Command, to inbox: inout Inbox) {
        guard let multi = inbox.multi else { return }
        inbox.commands.append(command)
        // Under the lock, as the thread frees the handle under it.
        curl_multi_wakeup(multi.raw)
    }

    private func makeMulti() -> MultiHandle? {
        guard let multi = curl_multi_init() else { return nil }
        ccurl_multi_setopt_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, limits.connectionsPerHost)
        ccurl_multi_setopt_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits.connections)
        return MultiHandle(raw: multi)
    }

    // MARK: On the thread

    private func run(_ multi: MultiHandle) {
        TransferDriver.blockSignals()
        var loop = TransferLoop(multi: multi.raw)
        while true {
            let (commands, isClosed) = inbox.withLock { inbox in
                defer { inbox.commands = [] }
                return (inbox.commands, inbox.isClosed)
            }
            for command in commands {
                switch command {
                case .add(let transfer): loop.add(transfer)
                case .remove(let transfer): loop.remove(transfer, .failure(transfer.canceled))
                case .resume(let transfer): loop.resume(transfer)
                }
            }
            if isClosed { break }
            loop.turn()
        }
        loop.removeAll()
        inbox.withLock { inbox in
            inbox.multi = nil
            curl_multi_cleanup(multi.raw)
        }
    }

    /// Signals are for the program's own threads. SIGPIPE above all: with NOSIGNAL libcurl leaves it to us, and TLS writes with plain `write`.
    private static func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
    }
}
