internal import CCurl
internal import Glibc

/// Where a client goes.
package enum Reach: Sendable, Equatable {
    case anywhere
    /// Not to link-local addresses, nor to those where clouds tell a machine its own credentials. For addresses that come from users and from
    /// servers: whoever gives us one must not get what only this machine may read.
    case notLinkLocal
}

/// The addresses that `Reach.notLinkLocal` keeps a client from.
enum LinkLocal {
    /// Whether `host` is written as such an address: dotted, or as the one number that IPv4 addresses can be written as too.
    static func includes(host: some StringProtocol) -> Bool {
        let text = String(host.prefix { $0 != "%" })
        var four = in_addr()
        if inet_aton(text, &four) == 1 { return withUnsafeBytes(of: four) { includes(ipv4: Array($0)) } }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return false }
        return withUnsafeBytes(of: six) { includes(ipv6: Array($0)) }
    }

    /// The same for the address that a host's name stands for, which libcurl is about to connect to.
    static func includes(_ address: UnsafePointer<curl_sockaddr>) -> Bool {
        guard let start = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return true }
        let bytes = UnsafeRawPointer(address).advanced(by: start)
        let length = Int(address.pointee.addrlen)
        switch address.pointee.family {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            return withUnsafeBytes(of: bytes.loadUnaligned(as: sockaddr_in.self).sin_addr) {
                includes(ipv4: Array($0))
            }
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            return withUnsafeBytes(of: bytes.loadUnaligned(as: sockaddr_in6.self).sin6_addr) {
                includes(ipv6: Array($0))
            }
        default: return false
        }
    }

    /// What clouds answer at beside 169.254.169.254: Alibaba's and Azure's.
    private static let clouds: [[UInt8]] = [[100, 100, 100, 200], [168, 63, 129, 16]]

    /// Amazon's fd00:ec2::/32.
    private static let amazon: [UInt8] = [0xfd, 0x00, 0x0e, 0xc2]

    /// IPv4 addresses written as IPv6 ones: ::ffff:0:0/96, and 64:ff9b::/96 of translators.
    private static let embeddings: [[UInt8]] = [
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0],
    ]

    private static func includes(ipv4 bytes: [UInt8]) -> Bool {
        bytes.starts(with: [169, 254]) || clouds.contains(bytes)
    }

    private static func includes(ipv6 bytes: [UInt8]) -> Bool {
        if embeddings.contains(where: bytes.starts) { return includes(ipv4: Array(bytes[12...])) }
        return bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80 || bytes.starts(with: amazon)
    }
}

extension Transfer {
    /// The error of a transfer to an address that is out of the client's reach.
    var outOfReach: HTTPClientError {
        HTTPClientError(
            .outOfReach, "\(label): leads to a link-local address, where machines' own credentials are told")
    }
}
