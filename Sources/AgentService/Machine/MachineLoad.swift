internal import CLinux
internal import Glibc
package import JSON
internal import Runtime

/// How busy the machine is at one moment, and what it has counted since it was started.
package struct MachineLoad: Equatable, Sendable {
    /// Runnable processes, averaged over the last minute.
    package var average: Double?
    /// Seconds of all processors together: at work, and taken away by the hypervisor.
    package var busySeconds: Double
    package var stolenSeconds: Double
    /// How often a processor was slowed down because it was hot.
    package var throttles: Int64
    /// How often the kernel killed a process because memory ran out.
    package var memoryKills: Int64
    package var moment: ContinuousClock.Instant

    package init(
        average: Double? = nil, busySeconds: Double = 0, stolenSeconds: Double = 0, throttles: Int64 = 0,
        memoryKills: Int64 = 0, moment: ContinuousClock.Instant
    ) {
        self.average = average
        self.busySeconds = busySeconds
        self.stolenSeconds = stolenSeconds
        self.throttles = throttles
        self.memoryKills = memoryKills
        self.moment = moment
    }

    /// The machine's load now.
    package static func now(root: String = "") -> MachineLoad {
        var load = MachineLoad(moment: .now)
        load.average = SystemFile.text("\(root)/proc/loadavg")?.split(separator: " ").first.flatMap {
            Double($0)
        }
        // cpu user nice system idle iowait irq softirq steal guest guest_nice; guests are part of user and nice.
        let line = SystemFile.head("\(root)/proc/stat")?.split(separator: "\n").first
        let ticks = line?.split(separator: " ").dropFirst().compactMap { Double($0) } ?? []
        if ticks.count >= 8 {
            let perSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
            load.busySeconds = (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / perSecond
            load.stolenSeconds = ticks[7] / perSecond
        }
        load.throttles = throttles(root)
        let kills = SystemFile.text("\(root)/proc/vmstat")?.split(separator: "\n").first {
            $0.hasPrefix("oom_kill ")
        }
        load.memoryKills = kills?.split(separator: " ").last.flatMap { Int64($0) } ?? 0
        return load
    }

    /// Of the first processors: where one is too hot its neighbours are counted too.
    private static func throttles(_ root: String) -> Int64 {
        var sum: Int64 = 0
        for number in 0..<64 {
            let file = "\(root)/sys/devices/system/cpu/cpu\(number)/thermal_throttle/core_throttle_count"
            guard let count = SystemFile.text(file).flatMap({ Int64($0) }) else { break }
            sum += count
        }
        return sum
    }
}

/// What else happened on the machine while an attempt ran.
package struct Neighbourhood: Equatable, Sendable {
    /// Processors that others kept busy, on average.
    package var otherProcessors: Double
    /// Of all processors' time, the part that the hypervisor took away; 0.05 is 5 %.
    package var stolenShare: Double
    package var throttles: Int64
    /// Too short to say anything about.
    package var isBrief: Bool
    private let processors: Double

    /// The kernel counts in hundredths of a second: shorter than this, its numbers are noise.
    private static let briefest = Duration.seconds(1)

    /// - Parameters:
    ///   - ownSeconds: the processor time of the benchmark and of the agent.
    ///   - processors: how many the machine has.
    package init(before: MachineLoad, after: MachineLoad, ownSeconds: Double, processors: Int) {
        let elapsed = after.moment - before.moment
        let seconds = max(elapsed.inSeconds, 0.01)
        isBrief = elapsed < Neighbourhood.briefest
        self.processors = Double(max(processors, 1))
        otherProcessors = max(0, (after.busySeconds - before.busySeconds - ownSeconds) / seconds)
        stolenShare = max(0, (after.stolenSeconds - before.stolenSeconds) / seconds / self.processors)
        throttles = max(0, after.throttles - before.throttles)
    }

    /// Why the attempt's numbers are to be looked at twice; empty is good.
    ///
    /// Load that others put on the machine is measured, not taken from the load average: that still remembers what ended a minute ago, and counts the
    /// benchmark itself.
    package var disturbances: [String] {
        var found: [String] = []
        if throttles > 0 { found.append("a processor was slowed down \(throttles) times because it was hot") }
        if isBrief { return found }
        if otherProcessors > processors / 2 {
            let others = (otherProcessors * 10).rounded() / 10
            found.append("other programs kept \(others) of \(Int(processors)) processors busy")
        }
        if stolenShare > 0.05 {
            found.append(
                "the hypervisor took away \(Int((stolenShare * 100).rounded())) % of the processors' time")
        }
        return found
    }

    /// As part of the environment's record.
    package var facts: [String: JSONValue] {
        if isBrief { return [:] }
        return ["other_busy_cpus": .number(otherProcessors), "stolen_share": .number(stolenShare)]
    }
}
