internal import Glibc

/// The processor time that `body` takes on its thread, without what a sanitizer adds to it: what else the machine does makes no difference.
package func cpuTime(of body: () throws -> Void) rethrows -> Duration {
    let start = threadTime()
    try body()
    return (threadTime() - start) / Sanitizer.slowdown
}

/// The sanitizer that this process was built with.
package enum Sanitizer {
    /// Whether there is one: it brings functions of its own.
    package static let isThere = ["__asan_init", "__tsan_init"].contains { (name: String) in
        dlsym(nil, name) != nil
    }

    /// How many times longer everything takes at most, by what their makers say and was seen here.
    package static let slowdown = isThere ? 20 : 1
}

private func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
