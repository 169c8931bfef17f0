package import Events

/// When an attempt has to end, and by which means. Pure: it is told what happens and says what to do.
package struct AttemptLife: Equatable, Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// How long an attempt may do what.
    package struct Limits: Equatable, Sendable {
        package var run: Duration
        /// Without output or metric; nil: as long as it likes.
        package var silence: Duration?
        /// Between SIGTERM and SIGKILL.
        package var grace: Duration

        package init(run: Duration, silence: Duration? = nil, grace: Duration) {
            self.run = run
            self.silence = silence
            self.grace = grace
        }
    }

    /// Why an attempt was ended that did not end by itself.
    package enum Verdict: Equatable, Sendable {
        case stopped(Reason)
        case runTimeout
        case silenceTimeout
        /// Its processes used more memory than `run.limits.memory`.
        case overMemory(bytes: Int64)
        /// It had more processes than `run.limits.processes`.
        case overProcesses(Int)
    }

    /// What is to be done to the benchmark's process group.
    package enum Action: Equatable, Sendable { case terminate, kill }

    private enum Phase: Equatable {
        case running
        case ending(kill: Instant)
        case killed
    }

    /// nil while it may run, and for one that ends by itself.
    package private(set) var verdict: Verdict?
    private let limits: Limits
    private let start: Instant
    private var lastSign: Instant
    private var phase = Phase.running

    package init(_ limits: Limits, start: Instant) {
        self.limits = limits
        self.start = start
        lastSign = start
    }

    /// The benchmark printed or measured something.
    package mutating func showedSign(at now: Instant) { lastSign = now }

    /// Somebody wants it to end. A second wish can only shorten the grace of the first.
    package mutating func stop(_ reason: Reason, grace: Duration, at now: Instant) -> [Action] {
        switch phase {
        case .running: return end(.stopped(reason), grace: grace, at: now)
        case .ending(let kill):
            phase = .ending(kill: min(kill, now + grace))
            return tick(at: now)
        case .killed: return []
        }
    }

    /// It uses more than it may: there is no time for grace.
    package mutating func exceeded(_ verdict: Verdict, at now: Instant) -> [Action] {
        if self.verdict == nil { self.verdict = verdict }
        if phase == .killed { return [] }
        phase = .killed
        return [.kill]
    }

    /// One of several processes has failed, and the others are to end too. That is how it ended, and no verdict.
    package mutating func abandon(at now: Instant) -> [Action] {
        phase == .running ? end(nil, grace: limits.grace, at: now) : []
    }

    /// Time has passed.
    package mutating func tick(at now: Instant) -> [Action] {
        switch phase {
        case .running:
            if now >= start + limits.run { return end(.runTimeout, grace: limits.grace, at: now) }
            if let silence = limits.silence, now >= lastSign + silence {
                return end(.silenceTimeout, grace: limits.grace, at: now)
            }
            return []
        case .ending(let kill):
            guard now >= kill else { return [] }
            phase = .killed
            return [.kill]
        case .killed: return []
        }
    }

    /// When `tick` will have something to do, if nothing else happens; nil: never.
    package var due: Instant? {
        switch phase {
        case .running: limits.silence.map { min(start + limits.run, lastSign + $0) } ?? start + limits.run
        case .ending(let kill): kill
        case .killed: nil
        }
    }

    private mutating func end(_ verdict: Verdict?, grace: Duration, at now: Instant) -> [Action] {
        self.verdict = verdict
        if grace <= .zero {
            phase = .killed
            return [.kill]
        }
        phase = .ending(kill: now + grace)
        return [.terminate]
    }
}
