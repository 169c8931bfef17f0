import Descriptors
import Testing

@Suite struct StreamCountTests {
    private func count(
        _ strategy: Descriptor.Strategy, _ distributed: Descriptor.Distributed = Descriptor.Distributed(),
        type: String = "local", gpus: Int? = nil, command: String = "train"
    ) -> Int {
        var hardware = Descriptor.Hardware(instanceType: type)
        (hardware.strategy, hardware.distributed, hardware.gpus) = (strategy, distributed, gpus)
        var descriptor = Descriptor(
            info: Descriptor.Info(description: "a test"), hardware: hardware,
            env: Descriptor.ContainerEnvironment(dockerImage: "none"))
        descriptor.ml = Descriptor.Program(benchmarkCode: command)
        return descriptor.streamCount
    }

    @Test func aProcessThatIsMeasuredHasAStream() {
        let group = Descriptor.Distributed(numInstances: 3, processesPerInstance: .count(4))
        #expect(count(.singleNode, group) == 1)
        #expect(count(.inference, group) == 2)
        #expect(count(.distributed, group) == 12)
        #expect(count(.horovod, group) == 12)
        // Nobody but the image knows its processes.
        #expect(count(.distributed, group, command: "") == 3)
    }

    @Test func ranksThatMPIStartsPrintThroughTheLauncher() {
        let group = Descriptor.Distributed(numInstances: 3, processesPerInstance: .count(4), launcher: .mpi)
        #expect(count(.distributed, group) == 4)
        #expect(count(.horovod, group) == 4)
    }

    @Test func aProcessForEachGPUIsAtLeastOne() {
        let group = Descriptor.Distributed(numInstances: 2, processesPerInstance: .gpus)
        #expect(count(.distributed, group, gpus: 8) == 16)
        #expect(count(.distributed, group, type: "p3.8xlarge") == 8)
        #expect(count(.distributed, group) == 2)
    }
}
