import AgentService
import JSON
import TestSupport
import Testing

@Suite struct MachineTests {
    @Test func whatTheKernelTellsIsRecorded() throws {
        let root = try TemporaryFolder()
        try root.write(
            "proc/cpuinfo",
            "processor\t: 0\nmodel name\t: Fast CPU @ 3GHz\nflags\t\t: fpu hypervisor sse\n\nprocessor\t: 1\n"
        )
        try root.write("proc/meminfo", "MemTotal:       16316412 kB\nMemFree: 1 kB\n")
        try root.write("proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-2,7\n")
        try root.write("etc/os-release", "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n")
        try root.write("sys/devices/system/cpu/online", "0-7\n")
        try root.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n")
        try root.write("sys/devices/system/cpu/smt/active", "1\n")
        try root.write("sys/fs/cgroup/cpu.max", "150000 100000\n")
        try root.write("proc/driver/nvidia/gpus/0000:01/information", "Model: \t\t NVIDIA A100\nIRQ: 1\n")
        try root.write(
            "proc/driver/nvidia/version",
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19\n")
        let facts = Machine(root: root.path).description()
        #expect(facts["cpu_model"] == "Fast CPU @ 3GHz")
        #expect(facts["is_virtual"] == true)
        #expect(facts["memory_bytes"] == .integer(16_316_412 * 1024))
        #expect(facts["cpu_allowed_count"] == 4)
        #expect(facts["cpu_count"] == 8)
        #expect(facts["os"] == "Debian GNU/Linux 12")
        #expect(facts["cpu_governor"] == "performance")
        #expect(facts["cpu_smt"] == true)
        #expect(facts["cpu_quota"] == .number(1.5))
        #expect(facts["gpus"] == ["NVIDIA A100"])
        #expect(facts["gpu_driver"] == "535.104.05")
    }

    @Test func whatTheMachineDoesNotTellIsLeftOut() throws {
        let facts = Machine(root: try TemporaryFolder().path).description()
        #expect(Set(facts.keys) == ["hostname", "kernel", "architecture"])
    }

    @Test func theRealMachineSaysTheMost() {
        let facts = Machine().description()
        for name in ["hostname", "kernel", "architecture", "cpu_count", "cpu_allowed_count", "memory_bytes"] {
            #expect(facts[name] != nil, "\(name)")
        }
    }
}

@Suite struct MachineLoadTests {
    private func load(
        _ seconds: Double, busy: Double = 0, stolen: Double = 0, throttles: Int64 = 0
    ) -> MachineLoad {
        MachineLoad(
            busySeconds: busy, stolenSeconds: stolen, throttles: throttles,
            moment: MachineLoadTests.start + .seconds(seconds))
    }

    private static let start = ContinuousClock.now

    private func neighbourhood(_ after: MachineLoad, own: Double = 0) -> Neighbourhood {
        Neighbourhood(before: load(0), after: after, ownSeconds: own, processors: 4)
    }

    @Test func theKernelsCountersAreRead() throws {
        let root = try TemporaryFolder()
        try root.write("proc/loadavg", "1.25 0.90 0.80 2/300 1234\n")
        try root.write("proc/stat", "cpu  100 10 50 1000 20 5 5 30 7 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
        try root.write("proc/vmstat", "nr_free_pages 1\noom_kill 3\n")
        try root.write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "2\n")
        try root.write("sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "5\n")
        let load = MachineLoad.now(root: root.path)
        #expect(load.average == 1.25)
        #expect(load.busySeconds == 1.7)
        #expect(load.stolenSeconds == 0.3)
        #expect(load.memoryKills == 3)
        #expect(load.throttles == 7)
    }

    @Test func aQuietMachineDisturbsNothing() {
        let quiet = neighbourhood(load(10, busy: 12, stolen: 0.1), own: 10)
        #expect(quiet.disturbances == [])
        #expect(quiet.facts["other_busy_cpus"]?.number == 0.2)
    }

    @Test func theBenchmarksOwnWorkIsNoDisturbance() {
        #expect(neighbourhood(load(10, busy: 40), own: 39).disturbances == [])
    }

    @Test func othersAtWorkAreADisturbance() {
        #expect(
            neighbourhood(load(10, busy: 35), own: 10).disturbances == [
                "other programs kept 2.5 of 4 processors busy"
            ])
    }

    @Test func aHypervisorThatTakesTimeAwayIsADisturbance() {
        #expect(
            neighbourhood(load(10, stolen: 4)).disturbances == [
                "the hypervisor took away 10 % of the processors' time"
            ])
    }

    @Test func heatIsADisturbanceHoweverBriefTheAttempt() {
        #expect(
            neighbourhood(load(0.1, busy: 1, throttles: 3)).disturbances
                == ["a processor was slowed down 3 times because it was hot"])
    }

    @Test func ofABriefAttemptTheKernelCannotTell() {
        let brief = neighbourhood(load(0.5, busy: 2, stolen: 1))
        #expect(brief.disturbances == [])
        #expect(brief.facts == [:])
    }
}

@Suite struct NoiseProbeTests {
    @Test func theSameTimeEachTimeIsNoNoise() {
        let probe = NoiseProbe(microseconds: [5, 5, 5])
        #expect(probe.variation == 0)
        #expect(probe.medianMicroseconds == 5)
    }

    @Test func theVariationIsTheDeviationOverTheMean() {
        #expect(abs(NoiseProbe(microseconds: [1, 3]).variation - 0.5) < 1e-12)
        #expect(NoiseProbe(microseconds: []).variation == 0)
    }

    @Test func theRealProbeTakesAboutTheTimeItIsGiven() {
        let clock = ContinuousClock()
        var probe: NoiseProbe?
        let took = clock.measure { probe = NoiseProbe.run(for: .milliseconds(5)) }
        #expect(took >= .milliseconds(5))
        #expect(probe.map { $0.medianMicroseconds > 0 } == true)
    }
}
