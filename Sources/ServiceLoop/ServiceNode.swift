package import Events
internal import Glibc
package import Runtime

/// Which instance of which service this is.
package struct ServiceNode: Sendable, CustomStringConvertible {
    /// `bai-executor`.
    package var service: String
    package var host: String
    package var processID: Int32
    package var version: String

    package init(service: String, host: String, processID: Int32, version: String = Version.current) {
        self.service = service
        self.host = host
        self.processID = processID
        self.version = version
    }

    /// This process, as `service`.
    package static func current(_ service: String) -> ServiceNode {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return ServiceNode(service: service, host: host, processID: getpid())
    }

    package var description: String { "\(service)@\(host)/\(processID)" }

    /// The entry in an event's list of who handled it.
    package func visit(at time: Timestamp) -> Event.Visit {
        Event.Visit(svc: service, tstamp: time, version: version, node: host)
    }
}
