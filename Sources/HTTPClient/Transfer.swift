internal import CCurl
internal import HTTPMessages

/// One request on its way and its response, with libcurl's handle for them.
final class Transfer: @unchecked Sendable {
    // Because a caller makes it and hands it to the driver, whose thread alone touches it from then on; what both touch, `channel`, has a lock.

    /// More than any real head; libcurl of this age sets no limit of its own.
    private static let mostHeadBytes = 256 * 1024

    let request: HTTPRequest
    private let reach: Reach
    let channel: ResponseChannel
    let handle: UnsafeMutableRawPointer
    /// What is asked of whom, for messages.
    let label: String
    /// libcurl reads the body from here while it sends.
    let body: UnsafeMutableBufferPointer<UInt8>
    /// libcurl's own words about a failure.
    let errorText: UnsafeMutableBufferPointer<CChar>
    var headerList: UnsafeMutablePointer<curl_slist>?
    var connectList: UnsafeMutablePointer<curl_slist>?

    /// What a callback of ours stopped the transfer for; libcurl then only knows that it was stopped.
    private(set) var failure: HTTPClientError?
    private var head: HTTPResponseHead?
    private var headBytes = 0
    private(set) var isHeadComplete = false
    private var received = 0
    private var sent: Int64 = 0

    private let start = ContinuousClock.now
    private var lastActivity = ContinuousClock.now

    init(_ request: HTTPRequest, reach: Reach, channel: ResponseChannel) throws(HTTPClientError) {
        let url = try Transfer.checked(request)
        guard CurlLibrary.isReady, let handle = curl_easy_init() else {
            throw HTTPClientError(.failed, "libcurl could not be started: no memory, or no TLS library")
        }
        self.request = request
        self.reach = reach
        self.channel = channel
        self.handle = handle
        label = request.label
        body = .allocate(capacity: request.body.count)
        _ = body.initialize(from: request.body)
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0)
        try configure(url)
        // A proxy would connect for us, so that the address itself is looked at too.
        if reach == .notLinkLocal, LinkLocal.includes(host: url.host) { throw outOfReach }
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headerList)
        curl_slist_free_all(connectList)
        body.deallocate()
        errorText.deallocate()
    }

    // MARK: What arrives

    /// Takes a line of the head, with its line end; false stops the transfer.
    func receive(headLine: UnsafeBufferPointer<UInt8>) -> Bool {
        lastActivity = .now
        headBytes += headLine.count
        guard headBytes <= Transfer.mostHeadBytes else {
            failure = HTTPClientError(
                .tooLarge, "\(label): the head is longer than \(Transfer.mostHeadBytes) bytes")
            return false
        }
        // After the head come only a chunked body's trailers, which nobody asked for.
        guard !isHeadComplete else { return true }
        let line = String(decoding: headLine, as: UTF8.self).trimmingLineEnd
        if line.hasPrefix("HTTP/") {
            // A status line begins a head anew: after a 1xx, or after a redirect that libcurl followed.
            let words = line.split(separator: " ", maxSplits: 2)
            head = HTTPResponseHead(status: words.count > 1 ? Int(words[1]) ?? 0 : 0, headers: HTTPHeaders())
        } else if line.isEmpty {
            return endHead()
        } else {
            addField(line)
        }
        return true
    }

    private func addField(_ line: Substring) {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? parts[1].trimmingSpaces : ""
        head?.headers.add(String(parts[0].trimmingSpaces), String(value))
    }

    private func endHead() -> Bool {
        guard let head, head.status >= 200 else { return true }
        if isFollowed(head) { return mayFollow(head) }
        isHeadComplete = true
        channel.receive(head)
        return true
    }

    private func mayFollow(_ head: HTTPResponseHead) -> Bool {
        guard reach == .notLinkLocal, let target = head.headers["Location"].flatMap(URLText.init),
            LinkLocal.includes(host: target.host)
        else { return true }
        failure = outOfReach
        return false
    }

    /// Whether libcurl may connect to an address; if not, the transfer ends.
    func mayConnect(to address: UnsafePointer<curl_sockaddr>) -> Bool {
        guard reach == .notLinkLocal, LinkLocal.includes(address) else { return true }
        failure = outOfReach
        return false
    }

    /// Whether libcurl goes on to where this head points, so that another head follows.
    private func isFollowed(_ head: HTTPResponseHead) -> Bool {
        followsRedirects && (300..<400).contains(head.status) && head.headers["Location"]?.isEmpty == false
    }

    /// Takes a piece of the body.
    func receive(_ bytes: UnsafeBufferPointer<UInt8>) -> Reception {
        lastActivity = .now
        if let limit = request.responseLimit, received + bytes.count > limit {
            failure = HTTPClientError(
                .tooLarge, "\(label): the response's body is larger than \(limit) bytes")
            return .stop
        }
        guard channel.receive(bytes) else { return .pause }
        received += bytes.count
        return .taken
    }

    enum Reception { case taken, pause, stop }

    /// Takes note of how many bytes of the request's body are sent.
    func progress(sent: Int64) {
        guard sent != self.sent else { return }
        self.sent = sent
        lastActivity = .now
    }

    /// Lets libcurl go on after a pause.
    func resume() {
        lastActivity = .now
        curl_easy_pause(handle, CURLPAUSE_RECV_CONT | CURLPAUSE_SEND_CONT)
    }

    // MARK: Time

    /// When the transfer runs out of time if nothing more happens; nil when never.
    var due: ContinuousClock.Instant? {
        let total = request.totalTimeout.map { start + $0 }
        // Its reader lets it wait: that is no fault of the peer.
        let idle = channel.isPaused ? nil : request.idleTimeout.map { lastActivity + $0 }
        return [total, idle].compactMap { $0 }.min()
    }

    /// The error for a transfer that ran out of time at `now`.
    func timeout(at now: ContinuousClock.Instant) -> HTTPClientError {
        if let total = request.totalTimeout, now >= start + total {
            return HTTPClientError(.timedOut, "\(label): not done within \(total)")
        }
        return HTTPClientError(.timedOut, "\(label): nothing came within \(request.idleTimeout ?? .zero)")
    }

    /// Whether libcurl follows redirects: never with a body, which would have to be sent again.
    var followsRedirects: Bool {
        request.redirects != .hand && (request.method == .get || request.method == .head)
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var rest = drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return rest
    }
}

extension String {
    fileprivate var trimmingLineEnd: Substring {
        self[...].prefix { !$0.isNewline }
    }
}
