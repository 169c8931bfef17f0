internal import CCurl
internal import HTTPMessages

/// libcurl's one-time start, which takes some milliseconds: at the first request, not when a program starts.
enum CurlLibrary {
    static let isReady = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK
}

extension Transfer {
    /// The largest socket path that the system's address has room for, without the zero.
    private static let longestSocketPath = 107

    /// Refuses what libcurl would take apart otherwise than it was meant.
    static func checked(_ request: HTTPRequest) throws(HTTPClientError) -> URLText {
        guard let url = URLText(request.url) else {
            throw HTTPClientError(
                .invalidRequest,
                "\(request.label): the URL must begin with http:// or https://, name a host and be percent-encoded"
            )
        }
        for field in request.headers.fields where !field.isValid {
            throw HTTPClientError(
                .invalidRequest,
                "\(request.label): the header "
                    + "'\(field.name)' has a character that headers cannot have")
        }
        if let path = request.unixSocket, path.utf8.count > longestSocketPath || path.utf8.contains(0) {
            throw HTTPClientError(
                .invalidRequest,
                "\(request.label): the path of a socket has at most \(longestSocketPath) bytes, "
                    + "this one has \(path.utf8.count)")
        }
        return url
    }

    /// Tells libcurl all about the request.
    func configure(_ url: URLText) throws(HTTPClientError) {
        let options = CurlOptions(handle: handle)
        options.set(CURLOPT_URL, request.url)
        setRules(options, url)
        setMethod(options)
        setHeaders(options)
        setTLS(options)
        setCallbacks(options)
        guard options.firstFailure == CURLE_OK else {
            throw HTTPClientError(
                .invalidRequest, "\(label): \(String(cString: curl_easy_strerror(options.firstFailure)))")
        }
    }

    private func setRules(_ options: CurlOptions, _ url: URLText) {
        // Signals belong to the program; without them libcurl's own look-up of names would not time out, but its threaded one does.
        options.set(CURLOPT_NOSIGNAL, 1)
        // Otherwise removing a transfer waits for its look-up of a name, and with it every other transfer.
        options.set(CURLOPT_QUICK_EXIT, 1)
        // Zero would be libcurl's own five minutes; beyond a day nobody waits.
        let connectTimeout = min(max(request.connectTimeout / .milliseconds(1), 1), 86_400_000)
        options.set(CURLOPT_CONNECTTIMEOUT_MS, Int(connectTimeout))
        options.set(CURLOPT_TCP_KEEPALIVE, 1)
        if let timeout = request.deadPeerTimeout {
            let interval = max(Int(timeout.components.seconds / 3), 1)
            options.set(CURLOPT_TCP_KEEPIDLE, interval)
            options.set(CURLOPT_TCP_KEEPINTVL, interval)
        }
        options.set(CURLOPT_BUFFERSIZE, 64 * 1024)
        setVersion(options)
        options.set(CURLOPT_PROTOCOLS_STR, "http,https")
        options.set(CURLOPT_REDIR_PROTOCOLS_STR, url.scheme == "https" ? "https" : "http,https")
        // Dots in a path are the caller's: object keys may have them.
        options.set(CURLOPT_PATH_AS_IS, 1)
        options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        options.set(CURLOPT_USERAGENT, "benchmark-ai")
        if let path = request.unixSocket { options.set(CURLOPT_UNIX_SOCKET_PATH, path) }
        if let proxy = request.proxy {
            options.set(CURLOPT_PROXY, proxy)
        } else if request.unixSocket != nil || url.isLoopback {
            options.set(CURLOPT_PROXY, "")
        }
        if request.connectsAnew { options.set(CURLOPT_FRESH_CONNECT, 1) }
        if request.acceptsCompression { options.set(CURLOPT_ACCEPT_ENCODING, "") }
        if case .follow(let most) = request.redirects, followsRedirects {
            options.set(CURLOPT_FOLLOWLOCATION, 1)
            options.set(CURLOPT_MAXREDIRS, most)
        }
    }

    private func setVersion(_ options: CurlOptions) {
        switch request.version {
        case .http1: options.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        case .newest:
            options.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
            // Rather wait for a connection that is being made, and share it, than make another.
            options.set(CURLOPT_PIPEWAIT, 1)
        }
        if let peer = request.connectTo {
            // Both fields before it are empty: whatever the URL's host and port.
            connectList = curl_slist_append(nil, "::\(peer)")
            options.set(CURLOPT_CONNECT_TO, connectList)
        }
    }

    private func setMethod(_ options: CurlOptions) {
        switch request.method {
        case .get where request.body.isEmpty: options.set(CURLOPT_HTTPGET, 1)
        case .head: options.set(CURLOPT_NOBODY, 1)
        case .delete where request.body.isEmpty, .options where request.body.isEmpty:
            options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        default:
            options.set(CURLOPT_POST, 1)
            options.set(CURLOPT_POSTFIELDSIZE_LARGE, offset: curl_off_t(body.count))
            options.set(CURLOPT_POSTFIELDS, body.count > 0 ? UnsafeMutableRawPointer(body.baseAddress) : nil)
            options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
        // A body declared too large need not begin to arrive. (The answer to HEAD declares one that never comes.)
        if let limit = request.responseLimit, request.method != .head {
            options.set(CURLOPT_MAXFILESIZE_LARGE, offset: curl_off_t(limit))
        }
    }

    private func setHeaders(_ options: CurlOptions) {
        // libcurl's own additions to a request with a body: a pause of a second for peers that do not know `Expect`, and a wrong type.
        var lines = ["Expect:"]
        if request.headers["Content-Type"] == nil { lines.append("Content-Type:") }
        // "Name;" is how libcurl is told to send an empty value.
        lines += request.headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        for line in lines { headerList = curl_slist_append(headerList, line) ?? headerList }
        options.set(CURLOPT_HTTPHEADER, headerList)
    }

    private func setTLS(_ options: CurlOptions) {
        let tls = request.tls
        options.set(CURLOPT_CAINFO, file: tls.authorities, CURLOPT_CAINFO_BLOB, text: tls.authoritiesText)
        options.set(CURLOPT_SSLCERT, file: tls.certificate, CURLOPT_SSLCERT_BLOB, text: tls.certificateText)
        options.set(
            CURLOPT_SSLKEY, file: tls.certificateKey, CURLOPT_SSLKEY_BLOB, text: tls.certificateKeyText)
        if tls.acceptsAnyCertificate {
            options.set(CURLOPT_SSL_VERIFYPEER, 0)
            options.set(CURLOPT_SSL_VERIFYHOST, 0)
        }
    }

    private func setCallbacks(_ options: CurlOptions) {
        // Not retained: the driver holds the transfer for as long as libcurl may call.
        let context = Unmanaged.passUnretained(self).toOpaque()
        options.set(CURLOPT_OPENSOCKETFUNCTION, openSocket)
        options.set(CURLOPT_OPENSOCKETDATA, context)
        options.set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText.baseAddress))
        options.set(CURLOPT_HEADERFUNCTION, receiveHeadLine)
        options.set(CURLOPT_HEADERDATA, context)
        options.set(CURLOPT_WRITEFUNCTION, receiveBody)
        options.set(CURLOPT_WRITEDATA, context)
        options.set(CURLOPT_NOPROGRESS, 0)
        options.set(CURLOPT_XFERINFOFUNCTION, noteProgress)
        options.set(CURLOPT_XFERINFODATA, context)
    }
}

/// Sets options on a handle and keeps the first failure.
private final class CurlOptions {
    private let handle: UnsafeMutableRawPointer
    private(set) var firstFailure = CURLE_OK

    init(handle: UnsafeMutableRawPointer) { self.handle = handle }

    func set(_ option: CURLoption, _ value: Int) { note(ccurl_setopt_long(handle, option, value)) }
    func set(_ option: CURLoption, offset: curl_off_t) { note(ccurl_setopt_offset(handle, option, offset)) }
    func set(_ option: CURLoption, _ value: String) { note(ccurl_setopt_string(handle, option, value)) }
    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
        note(ccurl_setopt_pointer(handle, option, value))
    }
    func set(_ option: CURLoption, _ value: UnsafeMutablePointer<curl_slist>?) {
        note(ccurl_setopt_list(handle, option, value))
    }
    func set(_ option: CURLoption, _ value: @escaping ccurl_data_callback) {
        note(ccurl_setopt_data(handle, option, value))
    }
    func set(_ option: CURLoption, _ value: @escaping ccurl_progress_callback) {
        note(ccurl_setopt_progress(handle, option, value))
    }

    func set(_ option: CURLoption, _ value: @escaping curl_opensocket_callback) {
        note(ccurl_setopt_open_socket(handle, option, value))
    }

    /// Sets a text where there is one, else a file where there is one.
    func set(_ fileOption: CURLoption, file: String?, _ textOption: CURLoption, text: [UInt8]?) {
        if let text {
            note(ccurl_setopt_blob(handle, textOption, text, text.count))
        } else if let file {
            set(fileOption, file)
        }
    }

    private func note(_ code: CURLcode) {
        if firstFailure == CURLE_OK { firstFailure = code }
    }
}
