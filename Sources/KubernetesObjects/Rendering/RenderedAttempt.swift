/// The objects of one attempt.
package struct RenderedAttempt: Equatable, Sendable {
    /// All of them, in the order in which they are to be created: what others need comes first, and `decisive` last.
    package var objects: [KubernetesObject]
    /// The name of the Job, or MPIJob, whose `container` decides how the attempt ended. When it has ended, all objects of the attempt are to be
    /// deleted, which ends an inference benchmark's server too.
    package var decisive: String
    /// The pods whose `PodRole.container` the attempt is judged by. No other container's exit means anything, the sidecar's least of all; a server that
    /// ends before its client has failed the attempt.
    package var judged: [PodRole]
}
