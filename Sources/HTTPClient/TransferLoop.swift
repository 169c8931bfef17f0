internal import CCurl

/// The transfers under way, as the driver's thread sees them. Holds each one from its start to its end.
struct TransferLoop {
    /// A turn waits so long at most, though nothing should need it: commands wake it, and deadlines are known.
    private static let longestWait = Duration.seconds(60)

    private let multi: UnsafeMutableRawPointer
    private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]
    /// No transfer runs out of time before this.
    private var nextDue: ContinuousClock.Instant?

    init(multi: UnsafeMutableRawPointer) {
        self.multi = multi
    }

    mutating func add(_ transfer: Transfer) {
        // Cancelled before it came here.
        guard !transfer.channel.hasEnded else { return }
        let code = curl_multi_add_handle(multi, transfer.handle)
        guard code == CURLM_OK else {
            let words = String(cString: curl_multi_strerror(code))
            transfer.channel.finish(.failure(HTTPClientError(.failed, "\(transfer.label): \(words)")))
            return
        }
        transfers[transfer.handle] = transfer
        noteDue(transfer.due)
    }

    mutating func remove(_ transfer: Transfer, _ result: Result<Void, HTTPClientError>) {
        guard transfers.removeValue(forKey: transfer.handle) != nil else { return }
        curl_multi_remove_handle(multi, transfer.handle)
        transfer.channel.finish(result)
    }

    mutating func resume(_ transfer: Transfer) {
        guard transfers[transfer.handle] != nil else { return }
        transfer.resume()
        noteDue(transfer.due)
    }

    mutating func removeAll() {
        for transfer in Array(transfers.values) { remove(transfer, .failure(transfer.canceled)) }
    }

    /// Does what can be done now, then waits until there is more to do.
    mutating func turn() {
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        collect()
        expire()
        let wait =
            nextDue.map { min(ContinuousClock.now.duration(to: $0), Self.longestWait) } ?? Self.longestWait
        // Rounded up: a wait of no time just before a deadline would spin until it.
        let milliseconds = Int32(max(wait / .milliseconds(1), 0).rounded(.up))
        curl_multi_poll(multi, nil, 0, milliseconds, nil)
    }

    /// Takes out the transfers that libcurl has ended.
    private mutating func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                let transfer = transfers[handle]
            else { continue }
            remove(transfer, transfer.result(ccurl_message_result(message)))
        }
    }

    /// Takes out the transfers that ran out of time.
    ///
    /// libcurl has timeouts of its own, but not while a request waits for a connection, and of whole seconds.
    private mutating func expire() {
        let now = ContinuousClock.now
        guard let nextDue, nextDue <= now else { return }
        self.nextDue = nil
        for transfer in Array(transfers.values) {
            if let due = transfer.due, due <= now {
                remove(transfer, .failure(transfer.timeout(at: now)))
            } else {
                noteDue(transfer.due)
            }
        }
    }

    private mutating func noteDue(_ due: ContinuousClock.Instant?) {
        guard let due else { return }
        nextDue = nextDue.map { min($0, due) } ?? due
    }
}
