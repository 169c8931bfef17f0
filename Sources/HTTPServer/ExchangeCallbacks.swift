internal import CMicrohttpd
internal import HTTPMessages

// What libmicrohttpd calls, on its own thread. In a file of their own: in main.swift they would belong to the main actor.
//
// `context` is the server's core, which outlives the daemon. The slot of a request holds its exchange, retained by `beginExchange` and released
// by `endExchange`; libmicrohttpd calls the one before and the other after all else, whatever becomes of the connection.

/// A connection was made, or is about to be closed.
let noteConnection: MHD_NotifyConnectionCallback = { context, connection, _, change in
    guard let context, let connection else { return }
    let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
    let socket = cmhd_connection_socket(connection)
    if change == .CONNECTION_NOTIFY_STARTED {
        core.waits(onSocket: socket)
    } else {
        core.forget(socket: socket)
    }
}

/// The request line is there. Gives what the slot is to hold.
let beginExchange:
    @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?) ->
        UnsafeMutableRawPointer? = {
            context, target, connection in
            guard let context, let target else { return nil }
            let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
            let exchange = core.begin(
                target: String(cString: target), connection: connection.map { .init(handle: $0) })
            return Unmanaged.passRetained(exchange).toOpaque()
        }

/// Called for the head, for each piece of the body, for the end of the request, and after each resume until there is an answer.
let advanceExchange: MHD_AccessHandlerCallback = { _, connection, _, method, _, bytes, size, slot in
    guard let connection, let method, let size, let exchange = exchange(slot) else { return .NO }
    if exchange.takeFirstCall() {
        exchange.begin(method: String(cString: method), headers: headers(of: connection))
        return .YES
    }
    if size.pointee > 0 {
        let count = size.pointee
        size.pointee = 0
        let pointer = UnsafeRawPointer(bytes)?.assumingMemoryBound(to: UInt8.self)
        return exchange.receive(UnsafeBufferPointer(start: pointer, count: count)) ? .YES : .NO
    }
    guard let response = exchange.answer() else { return .YES }
    return ResponseSender(connection, exchange).send(response) ? .YES : .NO
}

/// The request is over, one way or another.
let endExchange: MHD_RequestCompletedCallback = { _, _, slot, _ in
    guard let slot, let pointer = slot.pointee else { return }
    slot.pointee = nil
    let exchange = Unmanaged<Exchange>.fromOpaque(pointer).takeRetainedValue()
    exchange.end()
}

/// Wants more of a stream. The context is an exchange, retained until `releaseExchange`.
let readStream: MHD_ContentReaderCallback = { context, _, buffer, size in
    guard let context, let buffer else { return Int(MHD_CONTENT_READER_END_WITH_ERROR) }
    let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
    switch exchange.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size)) {
    case .bytes(let count): return count
    case .nothing: return 0
    case .end(let isWhole):
        return Int(isWhole ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR)
    }
}

let releaseExchange: MHD_ContentReaderFreeCallback = { context in
    if let context { Unmanaged<Exchange>.fromOpaque(context).release() }
}

private func exchange(_ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?) -> Exchange? {
    slot?.pointee.map { Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
}

private func headers(of connection: OpaquePointer) -> HTTPHeaders {
    var headers = HTTPHeaders()
    withUnsafeMutablePointer(to: &headers) { pointer in
        _ = MHD_get_connection_values(
            connection, .HEADER_KIND,
            { context, _, name, value in
                guard let context, let name else { return .NO }
                let headers = context.assumingMemoryBound(to: HTTPHeaders.self)
                headers.pointee.add(String(cString: name), value.map { String(cString: $0) } ?? "")
                return .YES
            }, pointer)
    }
    return headers
}
