internal import API
internal import HTTPServer
internal import HTTPMessages
internal import JSON
internal import MessageLog
internal import MetricStore
internal import ObjectStore
internal import Patterns
internal import Runtime
internal import SQLite

extension BFF {
    /// Answers every request of the API.
    ///
    /// - Parameter gatekeeper: decides who may ask for what; nil where the listener itself lets in only who may do everything.
    func router(_ gatekeeper: Gatekeeper? = nil) -> Router {
        let output = output
        return Router(Operations.all.map { $0.route(self, gatekeeper) }) { error, request in
            let refusal = APIError(error)
            if refusal.code == .internalError {
                output.error(
                    "a request failed",
                    [
                        "method": request.method.rawValue, "path": request.path,
                        "error": String(describing: error),
                    ])
            }
            return refusal.response
        }
    }
}

extension APIError {
    /// The refusal as an answer.
    var response: ServerResponse {
        // An error's body is made of strings: it always has a JSON form.
        var response =
            (try? ServerResponse.json(body, status: code.httpStatus))
            ?? ServerResponse(status: code.httpStatus)
        switch code {
        case .unauthorized: response.headers["WWW-Authenticate"] = "Bearer realm=\"benchmark-ai\""
        // In seconds. A backlog takes some to shrink, a disk somebody who makes room.
        case .unavailable: response.headers["Retry-After"] = "1"
        case .overloaded: response.headers["Retry-After"] = "5"
        case .full: response.headers["Retry-After"] = "30"
        default: break
        }
        return response
    }

    /// What a client is told of `error`. What is not its own mistake is told without details that do not concern it; the log has them.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as MessageLogError: self.init(error)
        case let error as MetricStoreError:
            self.init(
                error.isTransient ? .unavailable : .internalError, "the store of metrics: \(error.message)")
        case let error as SQLiteError:
            let isPassing = error.isBusy || error.isFull || error.isCorrupt
            self.init(isPassing ? .unavailable : .internalError, "the read model: \(error.message)")
        case let error as ObjectStoreError: self.init(error)
        case let error as PatternError:
            self.init(.invalidRequest, "grep costs too much on these lines, make it simpler: \(error)")
        case is CancellationError: self.init(.unavailable, "the service is stopping")
        default: self.init(.internalError, "the request failed: \(error)")
        }
    }

    private init(_ error: ObjectStoreError) {
        switch error.code {
        case .notFound: self.init(.notFound, error.message)
        case .tooLarge: self.init(.tooLarge, error.message)
        case .digestMismatch, .unsafePath, .badArchive, .unsupportedSource:
            self.init(.invalidRequest, error.message)
        case .storeUnavailable, .canceled, .downloadFailed: self.init(.unavailable, error.message)
        case .accessDenied, .forbiddenAddress: self.init(.internalError, error.message)
        }
    }

    private init(_ error: MessageLogError) {
        switch error.code {
        case .recordTooLarge: self.init(.tooLarge, error.message)
        case .full: self.init(.full, "the message log: \(error.message)")
        case .unavailable, .closed: self.init(.unavailable, "the message log: \(error.message)")
        case .offsetOutOfRange, .fenced, .unknownTopic, .invalidTopic, .corrupt, .unsupportedVersion:
            self.init(.internalError, "the message log: \(error.message)")
        }
    }
}
