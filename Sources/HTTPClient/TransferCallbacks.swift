internal import CCurl
internal import Glibc

// What libcurl calls, on the thread of the driver, while it performs. The context is the transfer, which the driver holds.

/// Takes one line of a head.
let receiveHeadLine: ccurl_data_callback = { bytes, size, count, context in
    guard let transfer = transfer(context) else { return 0 }
    return transfer.receive(headLine: buffer(bytes, size * count)) ? size * count : 0
}

/// Takes a piece of a body.
let receiveBody: ccurl_data_callback = { bytes, size, count, context in
    guard let transfer = transfer(context) else { return 0 }
    switch transfer.receive(buffer(bytes, size * count)) {
    case .taken: return size * count
    case .pause: return Int(CURL_WRITEFUNC_PAUSE)
    // Anything but the count that was offered stops the transfer, and so does no byte of some.
    case .stop: return 0
    }
}

/// Learns how much is sent.
let noteProgress: ccurl_progress_callback = { context, _, _, _, sent in
    transfer(context)?.progress(sent: Int64(sent))
    return 0
}

/// Opens a socket that no child inherits: libcurl's own are, and a child that lives on would keep the connection open, and could use it. Only to
/// addresses within the client's reach, whatever name they come from.
let openSocket: curl_opensocket_callback = { context, _, address in
    // The number that libcurl takes for no socket.
    guard let pointer = address, let transfer = transfer(context), transfer.mayConnect(to: pointer) else {
        return -1
    }
    let address = pointer.pointee
    let descriptor = socket(
        address.family, address.socktype | Int32(SOCK_CLOEXEC.rawValue), address.protocol)
    if let timeout = transfer.request.deadPeerTimeout, address.family != AF_UNIX {
        var milliseconds = Int32(clamping: timeout.components.seconds * 1000)
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds,
            socklen_t(MemoryLayout<Int32>.size))
    }
    return descriptor
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private func buffer(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: UnsafeRawPointer(bytes)?.assumingMemoryBound(to: UInt8.self), count: count)
}
