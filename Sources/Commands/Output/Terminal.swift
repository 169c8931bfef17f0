@preconcurrency internal import Glibc
internal import Runtime

/// The three standard streams, as a command uses them.
struct Terminal: Sendable {
    /// Whether data goes to a person.
    var outputIsTerminal: Bool
    /// Whether words go to a person: progress lines are for them alone.
    var errorIsTerminal: Bool
    var usesColor: Bool
    /// In characters; 100 where nobody says.
    var width: Int
    private let write: @Sendable (Int32, String) -> Void

    /// The real ones.
    init(environment: [String: String]) {
        outputIsTerminal = isatty(STDOUT_FILENO) == 1
        errorIsTerminal = isatty(STDERR_FILENO) == 1
        usesColor =
            outputIsTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        width = Terminal.columns() ?? environment["COLUMNS"].flatMap { Int($0) } ?? 100
        write = Terminal.writeAll
    }

    /// A terminal of a test's own.
    init(
        width: Int = 100, isTerminal: Bool = false, usesColor: Bool = false,
        write: @escaping @Sendable (Int32, String) -> Void
    ) {
        outputIsTerminal = isTerminal
        errorIsTerminal = isTerminal
        self.usesColor = usesColor
        self.width = width
        self.write = write
    }

    /// Writes data, as it is.
    func print(data text: String) { write(STDOUT_FILENO, text) }

    /// Writes JSON, YAML or CSV: to a program as it is, to a person without what would change the terminal.
    func print(document text: String) {
        print(data: outputIsTerminal ? Table.harmless(document: text) : text)
    }

    /// Writes a line of words.
    func say(_ line: String) { write(STDERR_FILENO, line + "\n") }

    /// Shows a line that the next one replaces; on a terminal only.
    func progress(_ line: String) {
        if errorIsTerminal { write(STDERR_FILENO, "\r\u{1B}[K" + line.prefix(max(width - 1, 20))) }
    }

    /// Removes the progress line.
    func endProgress() {
        if errorIsTerminal { write(STDERR_FILENO, "\r\u{1B}[K") }
    }

    /// `text` in a colour, where colours are wanted.
    func colored(_ text: String, _ color: Color?) -> String {
        guard usesColor, let color else { return text }
        return "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m"
    }

    enum Color: Int, Sendable {
        case red = 31
        case green = 32
        case yellow = 33
        case blue = 34
        case dim = 2
        case bold = 1
    }

    /// Whoever reads may go away before the end (`| head`): then there is nothing more to do, and no reason to complain.
    private static let writeAll: @Sendable (Int32, String) -> Void = { descriptor, text in
        var rest = ArraySlice(text.utf8)
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE, descriptor == STDOUT_FILENO {
                exit(0)
            } else if errno == EAGAIN {
                var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&item, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }

    private static func columns() -> Int? {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
