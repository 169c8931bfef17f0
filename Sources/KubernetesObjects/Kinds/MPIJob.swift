/// `kubeflow.org/v2beta1` MPIJob: a launcher that starts ranks on workers over ssh.
package struct MPIJob: Codable, Equatable, Sendable {
    package var apiVersion = "kubeflow.org/v2beta1"
    package var kind = "MPIJob"
    package var metadata: ObjectMetadata
    package var spec: MPIJobSpec
}

/// How the pods of an MPIJob are run.
package struct MPIJobSpec: Codable, Equatable, Sendable {
    /// Ranks on each worker.
    package var slotsPerWorker: Int
    package var runPolicy: RunPolicy
    /// When the launcher is made: `WaitForWorkersReady` is the start barrier.
    package var launcherCreationPolicy: String
    /// Where the operator puts the ssh keys.
    package var sshAuthMountPath: String?
    package var mpiReplicaSpecs: ReplicaSpecs

    /// What happens around the pods.
    package struct RunPolicy: Codable, Equatable, Sendable {
        /// Which pods go when the launcher has ended.
        package var cleanPodPolicy: String
        package var backoffLimit: Int
        package var activeDeadlineSeconds: Int
        package var ttlSecondsAfterFinished: Int
        package var suspend: Bool?
    }

    /// The two kinds of pods.
    package struct ReplicaSpecs: Codable, Equatable, Sendable {
        package var launcher: ReplicaSpec
        package var worker: ReplicaSpec

        private enum CodingKeys: String, CodingKey {
            case launcher = "Launcher"
            case worker = "Worker"
        }
    }

    /// Pods of one kind.
    package struct ReplicaSpec: Codable, Equatable, Sendable {
        package var replicas: Int
        package var restartPolicy: String
        package var template: PodTemplate
    }
}
