extension Descriptor.Hardware {
    /// Processes of each machine, or MPI's slots: at least one, also on machines without GPUs.
    package var processes: Int {
        switch distributed.processesPerInstance {
        case .count(let count): count
        case .gpus: max(1, gpus ?? InstanceTypes.gpus(of: instanceType) ?? 1)
        }
    }
}

extension Descriptor {
    /// How many streams of points and lines an attempt has, each numbered by itself: one for each process that an agent starts, or watches over. They have the
    /// ranks from 0 up.
    package var streamCount: Int {
        let machines = hardware.distributed.numInstances
        switch hardware.strategy {
        case .singleNode: return 1
        // A client and its server.
        case .inference: return 2
        case .horovod, .distributed:
            // The launcher and its workers.
            if hardware.distributed.launcher == .mpi { return 1 + machines }
            // An image's own command starts its processes itself.
            return machines * (hasCommand ? hardware.processes : 1)
        }
    }

    private var hasCommand: Bool { !(ml?.benchmarkCode ?? "").allSatisfy(\.isWhitespace) }
}
