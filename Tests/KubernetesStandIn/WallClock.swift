import Glibc

/// Times as the server writes them (RFC 3339, in UTC), and the machine's own.
enum WallClock {
    /// Nanoseconds since 1970.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// The time now, in whole seconds.
    static var nowText: String { text(seconds: now / 1_000_000_000) }

    static func text(seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        let digits: (Int32, Int) -> String = { number, count in
            let text = String(number)
            return String(repeating: "0", count: max(count - text.count, 0)) + text
        }
        return digits(parts.tm_year + 1900, 4) + "-" + digits(parts.tm_mon + 1, 2) + "-"
            + digits(parts.tm_mday, 2)
            + "T" + digits(parts.tm_hour, 2) + ":" + digits(parts.tm_min, 2) + ":" + digits(parts.tm_sec, 2)
            + "Z"
    }

    /// Seconds since 1970; nil for what is no such time.
    static func seconds(_ text: String) -> Int64? {
        let numbers = text.split { "-T:Z.+".contains($0) }.prefix(6).map { Int32($0) }
        guard numbers.count == 6, text.hasSuffix("Z") else { return nil }
        var parts = tm()
        guard let year = numbers[0], let month = numbers[1], let day = numbers[2], let hour = numbers[3],
            let minute = numbers[4], let second = numbers[5]
        else { return nil }
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, month - 1, day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
        return Int64(timegm(&parts))
    }
}
