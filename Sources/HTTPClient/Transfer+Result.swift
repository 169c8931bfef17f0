internal import CCurl

extension Transfer {
    /// What libcurl's code means for the transfer.
    func result(_ code: CURLcode) -> Result<Void, HTTPClientError> {
        if code == CURLE_OK {
            // libcurl takes a connection that ends within the head for an end of the response.
            return isHeadComplete
                ? .success(())
                : .failure(
                    HTTPClientError(.peerClosed, "\(label): the peer hung up within the response's head"))
        }
        if let failure { return .failure(failure) }
        let detail = errorText.baseAddress.map { String(cString: $0) } ?? ""
        let words = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        return .failure(HTTPClientError(Transfer.meaning(of: code), "\(label): \(words)"))
    }

    var canceled: HTTPClientError { HTTPClientError(.canceled, "\(label): canceled") }

    private static func meaning(of code: CURLcode) -> HTTPClientError.Code {
        switch code {
        case CURLE_URL_MALFORMAT: .invalidRequest
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .couldNotResolve
        case CURLE_COULDNT_CONNECT: .couldNotConnect
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR: .peerClosed
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            .tls
        // The protocol: HTTP/0.9, which a peer speaks when it speaks no HTTP, or a redirect to another scheme.
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
            .invalidResponse
        case CURLE_FILESIZE_EXCEEDED: .tooLarge
        case CURLE_TOO_MANY_REDIRECTS: .tooManyRedirects
        default: .failed
        }
    }
}
