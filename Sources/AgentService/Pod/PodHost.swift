internal import Glibc
package import Runtime

/// What the agent has around it in a container.
package struct PodHost: Sendable {
    package var environment: [String: String]
    package var folders: PodFolders
    /// The words that start this program again, in an image that knows nothing of it.
    package var program: [String]
    package var time: any TimeSource
    package var failPoints: FailPoints
    package var log: StructuredLog
    /// How long `wrap` waits for the sidecar to say what it has counted.
    package var countPatience = Duration.seconds(5)

    package init(
        environment: [String: String], folders: PodFolders = PodFolders(),
        program: [String] = PodHost.ownProgram, time: any TimeSource = SystemTime(),
        failPoints: FailPoints = .none, log: StructuredLog = StructuredLog(service: "agent")
    ) {
        self.environment = environment
        self.folders = folders
        self.program = program
        self.time = time
        self.failPoints = failPoints
        self.log = log
    }

    /// How this very program is started: through the loader that it was copied with, if it was started so itself.
    package static var ownProgram: [String] {
        let executable = ownFile
        guard executable.hasSuffix("/ld.so") else { return ["/proc/self/exe"] }
        let folder = executable.dropLast("/ld.so".count)
        return [executable, "--library-path", "\(folder)/lib", "\(folder)/bai-agent"]
    }

    /// The file that this process was started from: the loader, if it was called by name. Empty where the system does not tell.
    static var ownFile: String {
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = path.withUnsafeMutableBytes { bytes in
            bytes.bindMemory(to: CChar.self).baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) }
                ?? 0
        }
        return String(decoding: path.prefix(max(0, length)), as: UTF8.self)
    }

    /// The number of this pod's machine in its group, from 0. Kubernetes says it to the pods of a Job; those of an MPIJob have it in their names.
    package var nodeNumber: Int {
        let given = ["BAI_NODE_RANK", "JOB_COMPLETION_INDEX", "NODE_RANK"].lazy.compactMap { environment[$0] }
        if let number = given.compactMap({ Int($0) }).first { return number }
        guard let pod = environment["BAI_POD"], let worker = pod.range(of: "-worker-") else { return 0 }
        return Int(pod[worker.upperBound...]) ?? 0
    }
}

extension String {
    /// Where `text` begins and ends the last time it occurs.
    fileprivate func range(of text: String) -> Range<Index>? { ranges(of: text).last }
}
