internal import Glibc

/// A thread of its own, for a C call that blocks for long.
package enum Thread {
    /// Runs `body` on a new detached thread.
    package static func detach(_ body: @escaping @Sendable () -> Void) {
        // The thread takes the retain that is made here.
        let box = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        // Without a thread nothing of ours can go on: the process is at its limit of threads.
        precondition(code == 0, "pthread_create failed with \(code)")
        pthread_detach(thread)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
