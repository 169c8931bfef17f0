internal import API
internal import Access
internal import HTTPMessages
internal import HTTPServer
internal import Runtime

/// Tells by a request's head who asks, and whether he may.
struct Gatekeeper: Sendable {
    let users: UserTokenFile
    let key: InstallationKey
    let refusals: AccessRefusals

    /// Who asks.
    ///
    /// - Parameter run: the run that the path names.
    /// - Throws: `unauthorized` for who shows no token that this installation knows, `forbidden` for one that is not for this.
    func caller(
        of request: ServerRequest, for access: OperationAccess, run: String?
    ) throws(APIError) -> Caller {
        do throws(APIError) {
            return try identify(request, for: access, run: run)
        } catch {
            refusals.count(error.code)
            throw error
        }
    }

    private func identify(
        _ request: ServerRequest, for access: OperationAccess, run: String?
    ) throws(APIError) -> Caller {
        if access == .anybody { return .anybody }
        let token = try Gatekeeper.token(of: request)
        // Both are looked at whatever comes of the first, so that the time tells nothing of what the token nearly was.
        let user = users.user(of: token)
        let ofRun = RunToken(reading: token, key: key)
        switch (access, user, ofRun) {
        case (.users, let user?, _): return .user(user)
        case (.pods, _, let token?):
            guard run == nil || run == token.run else {
                throw APIError(.forbidden, "this token is of another run: a run's token is for its own pods")
            }
            return .run(token.run)
        case (.pods, _?, nil):
            throw APIError(
                .forbidden, "this is for the pods of a run: it takes the run's own token, not a user's")
        case (.users, nil, _?):
            throw APIError(.forbidden, "a run's token is for what its own pods do: this takes a user's token")
        case (_, nil, nil):
            throw APIError(.unauthorized, "nobody here has this token: it is wrong, or it was taken away")
        case (.anybody, _, _): return .anybody
        }
    }

    /// The token in `Authorization: Bearer …` (RFC 6750, 2.1).
    private static func token(of request: ServerRequest) throws(APIError) -> String {
        let values = request.headers.values(of: "Authorization")
        let words = values.first?.split(separator: " ", omittingEmptySubsequences: true) ?? []
        guard values.count == 1, words.count == 2, words[0].lowercased() == "bearer",
            words[1].utf8.count <= longestToken
        else {
            throw APIError(
                .unauthorized,
                "this needs a token: Authorization: Bearer TOKEN (`baictl token create` makes one; baictl sends BAI_TOKEN)"
            )
        }
        return String(words[1])
    }

    /// Longer than any token that is made here.
    private static let longestToken = 1024
}

/// How often somebody was refused. Not in the log: who tries ten thousand tokens would fill it.
final class AccessRefusals: Sendable {
    private let counts = Locked<[APIErrorCode: Int]>([:])

    func count(_ code: APIErrorCode) {
        counts.withLock { $0[code, default: 0] += 1 }
    }

    /// The counters, in the text format that Prometheus reads.
    var text: String {
        let counts = counts.withLock { $0 }
        let rows = [APIErrorCode.unauthorized, .forbidden].map {
            "bai_bff_refused_total{code=\"\($0.rawValue)\"} \(counts[$0] ?? 0)\n"
        }
        return """
            # HELP bai_bff_refused_total Requests over the network whose token was not good for what they asked.
            # TYPE bai_bff_refused_total counter
            \(rows.joined())
            """
    }
}
