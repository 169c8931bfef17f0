internal import CLinux
internal import Glibc
internal import Runtime

/// The first bytes of a file as memory, which every process shares that has the file mapped.
///
/// Nothing in it is believed more than the database: any process may have died in the middle of changing it, and somebody may delete the file.
final class SharedMemory: @unchecked Sendable {
    // Because the place never changes, and what is there is reached by atomic operations, or by whom those have told that nobody else does.
    let start: UnsafeMutableRawPointer
    private let length: Int

    /// - Parameter length: how much of the file is mapped; it must be there.
    init(_ file: OpenFile, length: Int) throws(SystemError) {
        let start = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0)
        guard let start, start != MAP_FAILED else { throw SystemError("map \(file.path)") }
        self.start = start
        self.length = length
    }

    deinit { munmap(start, length) }

    /// The words from a byte on, for atomic operations. To be used only while this object is held.
    func words(at byte: Int) -> UnsafeMutablePointer<UInt32> {
        (start + byte).assumingMemoryBound(to: UInt32.self)
    }
}
