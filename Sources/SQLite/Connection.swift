internal import CSQLite
internal import Dispatch
internal import Glibc

/// Owns the C handle. Statements keep it alive, so that a statement can never outlive its connection.
final class Connection {
    /// The first wait for a lock, and the longest: a commit takes about 100 microseconds, so SQLite's own waits of 1 to 100 milliseconds would
    /// leave the lock unused most of the time.
    private static let waits: ClosedRange<UInt32> = 50...1000

    let handle: OpaquePointer
    let path: String
    private let busyTimeout: Duration
    private var busySince = ContinuousClock.now
    /// Waits for somebody's lock instead of sleeping a little; false where it is not wanted any more.
    var waitForOthers: (() -> Bool)?
    /// How many pages the WAL had after the last commit of this connection.
    private(set) var pagesInWAL = 0

    /// - Parameter files: the name of the files to work on; nil means SQLite's own.
    init(path: String, flags: Int32, files: String?, busyTimeout: Duration) throws(SQLiteError) {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags, files)
        guard code == SQLITE_OK, let handle = opened else {
            // Even a failed open may leave a handle behind, which carries the message.
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            let extended = opened.map { sqlite3_extended_errcode($0) } ?? code
            sqlite3_close_v2(opened)
            throw SQLiteError(extendedCode: extended, message: message, path: path)
        }
        self.handle = handle
        self.path = path
        self.busyTimeout = busyTimeout
        // The context is not retained: the handle that holds it is closed before this object goes.
        sqlite3_busy_handler(handle, Connection.waitWhileBusy, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { sqlite3_close_v2(handle) }

    /// Whether no transaction is open.
    var isIdle: Bool { sqlite3_get_autocommit(handle) != 0 }

    /// Ends the statements that run when it is performed; does nothing to those that begin later.
    func interrupter() -> DispatchWorkItem {
        let target = Interruptible(connection: self)
        return DispatchWorkItem { sqlite3_interrupt(target.connection.handle) }
    }

    private struct Interruptible: @unchecked Sendable {
        // Because sqlite3_interrupt is the one call that may come from another thread, and the reference keeps the handle open for it.
        let connection: Connection
    }

    /// Throws the error that `code` stands for, unless it stands for success.
    func check(_ code: Int32) throws(SQLiteError) {
        guard code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW else { return }
        let message = String(cString: sqlite3_errmsg(handle))
        var error = SQLiteError(extendedCode: code, message: message, path: path)
        // Growing the shared memory file on a full disk is reported as an I/O error.
        let cause = sqlite3_system_errno(handle)
        if error.code == .inputOutput, cause == ENOSPC || cause == EDQUOT { error.code = .full }
        throw error
    }

    /// Turns SQLite's own checkpoints inside commits off, and keeps `pagesInWAL` instead.
    func watchWAL() {
        let count:
            @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?, UnsafePointer<CChar>?, Int32) -> Int32 =
                {
                    context, _, _, pages in
                    guard let context else { return SQLITE_OK }
                    Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().pagesInWAL = Int(pages)
                    return SQLITE_OK
                }
        sqlite3_wal_hook(handle, count, Unmanaged.passUnretained(self).toOpaque())
    }

    private static let waitWhileBusy: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Int32 = {
        context, tries in
        guard let context else { return 0 }
        return Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().wait(after: tries) ? 1 : 0
    }

    /// Waits a little; false when that has gone on for too long.
    private func wait(after tries: Int32) -> Bool {
        if tries == 0 { busySince = .now }
        guard busySince.duration(to: .now) < busyTimeout else { return false }
        if let waitForOthers { return waitForOthers() }
        let most = min(Connection.waits.lowerBound << UInt32(min(tries, 8)), Connection.waits.upperBound)
        // On the connection's own queue, where waiting is what there is to do.
        usleep(UInt32.random(in: most / 2...most))
        return true
    }
}
