internal import Glibc

/// Who runs this program, as the system knows them.
enum Account {
    /// The login name; nil for a user id that the system has no entry for.
    static var name: String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16384) { buffer in
            guard let space = buffer.baseAddress,
                getpwuid_r(getuid(), &entry, space, buffer.count, &found) == 0,
                let name = found?.pointee.pw_name
            else { return nil }
            return String(cString: name)
        }
    }
}
