internal import Descriptors
internal import Events
internal import Glibc
internal import JobRunner
internal import PodContract
internal import Runtime

/// Where the pods of a group wait for each other. The first one counts; the others say to it who they are, and stay connected until it lets them go. A pod counts
/// while it is connected, and once however often it connects.
///
///     member ── bai-barrier <run>/<attempt> <number> ──► leader
///     member ◄── go ── or ── missing 2, 3 ────────────── leader
///     member ── ok ──► leader
struct Barrier {
    private let order: PodOrder.Barrier
    private let name: String
    private let node: Int
    private let wakers: AgentWakers
    private let deadline: ContinuousClock.Instant

    /// - Parameters:
    ///   - node: the number of this pod.
    ///   - wakers: a signal ends the wait.
    init(_ barrier: PodOrder.Barrier, _ order: PodOrder, node: Int, wakers: AgentWakers) {
        self.order = barrier
        name = "bai-barrier \(order.runID)/\(order.attempt.number)"
        self.node = node
        self.wakers = wakers
        deadline = .now + barrier.timeout.duration
    }

    /// How often somebody who does not answer is asked, and for how long the answers of those who were let go are waited for.
    private static let (interval, linger) = (Duration.milliseconds(200), Duration.seconds(5))

    fileprivate static let (go, missing, thanks) = ("go", "missing ", "ok")

    /// Returns when all pods are there.
    ///
    /// - Throws: a `Refusal` that names those that did not come in time.
    func pass() throws {
        if node == 0 { try lead() } else { try follow() }
    }

    // MARK: - The others

    private func follow() throws {
        while .now < deadline {
            if let descriptor = Sockets.connect(order.leader, port: order.port, patience: .seconds(3)) {
                let connection = LineConnection(descriptor)
                connection.send("\(name) \(node)")
                if try isLetGo(by: connection) { return }
            }
            try wait(until: .now + Barrier.interval)
        }
        throw refusal("the group's first pod did not let it go within \(order.timeout): \(order.leader)")
    }

    private func isLetGo(by leader: LineConnection) throws -> Bool {
        while .now < deadline + Barrier.linger {
            if let line = leader.next() {
                if line == Barrier.go {
                    leader.send(Barrier.thanks)
                    return true
                }
                if line.hasPrefix(Barrier.missing) {
                    throw absence(String(line.dropFirst(Barrier.missing.count)))
                }
            }
            if leader.isOver { return false }
            try wait(until: deadline + Barrier.linger, readable: [leader.descriptor])
        }
        return false
    }

    // MARK: - The first

    private func lead() throws {
        let listening = try listen()
        defer { close(listening) }
        var group = Group(name: name, members: order.members)
        while !group.isComplete {
            guard .now < deadline else {
                let missing = group.missing
                group.tellAll("\(Barrier.missing)\(missing)")
                throw absence(missing)
            }
            try wait(until: deadline, readable: [listening] + group.descriptors)
            group.take(from: listening)
        }
        group.tellAll(Barrier.go)
        // Who has lost the connection just then comes again, and has to find somebody.
        let end = ContinuousClock.now + Barrier.linger
        while !group.haveAllThanked, .now < end {
            try wait(until: end, readable: [listening] + group.descriptors)
            for newcomer in group.take(from: listening) { newcomer.send(Barrier.go) }
        }
    }

    private func listen() throws -> Int32 {
        do {
            return try Sockets.listen(port: order.port)
        } catch {
            throw refusal("the other pods cannot be waited for: \(error)")
        }
    }

    private func wait(until time: ContinuousClock.Instant, readable: [Int32] = []) throws {
        if wakers.wait(until: time, readable: readable).wasSignaled {
            throw AttemptEnd.stoppedBefore(StopRequest(grace: .seconds(0), reason: .interrupted))
        }
    }

    private func absence(_ missing: String) -> Refusal {
        refusal("not all of \(order.members) pods came within \(order.timeout): missing \(missing)")
    }

    private func refusal(_ message: String) -> Refusal {
        Refusal(.readyTimeout, message, failure: .infrastructure)
    }
}

/// Who has come to the barrier, as the first pod sees it.
private struct Group {
    let name: String
    let members: Int
    private var strangers: [LineConnection] = []
    private var present: [Int: LineConnection] = [:]
    private var thanked: Set<Int> = []

    /// Connections beyond the group's, of whoever else may find the port.
    private static let mostStrangers = 64

    init(name: String, members: Int) {
        self.name = name
        self.members = members
    }

    var isComplete: Bool { present.count == members - 1 }

    /// The numbers of the pods that are not there, from the lowest.
    var missing: String {
        (1..<max(members, 1)).filter { present[$0] == nil }.map(String.init).joined(separator: ", ")
    }

    var descriptors: [Int32] { strangers.map(\.descriptor) + present.values.map(\.descriptor) }

    func tellAll(_ line: String) {
        for connection in present.values { connection.send(line) }
    }

    /// Whether every pod knows that it was let go.
    var haveAllThanked: Bool { thanked.count == members - 1 }

    /// Takes who comes and who goes, and what they say.
    ///
    /// - Returns: the connections of members that were not there before.
    @discardableResult
    mutating func take(from listening: Int32) -> [LineConnection] {
        while case let descriptor = accept(listening, nil, nil), descriptor >= 0 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            strangers.append(LineConnection(descriptor))
            if strangers.count > Group.mostStrangers { strangers.removeFirst() }
        }
        hear()
        var newcomers: [LineConnection] = []
        for connection in strangers {
            guard let line = connection.next(), let number = number(in: line) else { continue }
            present[number] = connection
            newcomers.append(connection)
        }
        strangers.removeAll { stranger in stranger.isOver || newcomers.contains { $0 === stranger } }
        return newcomers
    }

    private mutating func hear() {
        for (number, connection) in present {
            while let line = connection.next() {
                if line == Barrier.thanks { thanked.insert(number) }
            }
            if connection.isOver { present[number] = nil }
        }
    }

    private func number(in hello: String) -> Int? {
        guard hello.hasPrefix(name + " "), let number = Int(hello.dropFirst(name.utf8.count + 1)) else {
            return nil
        }
        return (1..<members).contains(number) ? number : nil
    }
}
