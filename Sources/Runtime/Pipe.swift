internal import CLinux
internal import Glibc

/// A pipe, whose ends no child gets unless they are handed to it. For one thread.
package final class Pipe {
    /// The end to read from, which never blocks; -1 once it is closed.
    package private(set) var reading: Int32
    /// The end to write to, which does; -1 once it is closed.
    package private(set) var writing: Int32

    package init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends, O_CLOEXEC) == 0 else { throw SystemError("make a pipe") }
        (reading, writing) = (ends[0], ends[1])
        // Of the two ends only this one: a child expects its standard output to block.
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
    }

    deinit { close() }

    /// Closes the end that a child has by now, so that its end of life can be read here.
    package func closeWriting() {
        if writing >= 0 { Glibc.close(writing) }
        writing = -1
    }

    package func close() {
        closeWriting()
        if reading >= 0 { Glibc.close(reading) }
        reading = -1
    }
}
