internal import Events
internal import FoundationEssentials
internal import Glibc
internal import Runtime

/// Values as people read them.
enum Words {
    /// `3s`, `4m 05s`, `2h 10m`, `3d 4h`.
    static func duration(_ duration: Duration) -> String {
        let seconds = max(0, duration.wholeMilliseconds / 1000)
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m \(twoDigits(seconds % 60))s"
        case ..<86400: return "\(seconds / 3600)h \(twoDigits(seconds / 60 % 60))m"
        default: return "\(seconds / 86400)d \(seconds / 3600 % 24)h"
        }
    }

    /// `1.24s` below a minute, as `duration` above: for what is measured rather than waited for.
    static func seconds(_ duration: Duration) -> String {
        duration < .seconds(60) ? "\(fixed(duration.inSeconds, 2))s" : Words.duration(duration)
    }

    /// `0.4s` below ten seconds, as `duration` above: for what people waited for.
    static func took(_ duration: Duration) -> String {
        duration < .seconds(10) ? "\(fixed(max(0, duration.inSeconds), 1))s" : Words.duration(duration)
    }

    /// How long ago, `now` being now.
    static func age(of time: Timestamp, now: Timestamp) -> String {
        duration(now - time)
    }

    /// `2026-11-21 05:31:02` in UTC; with `Z` so that nobody wonders.
    static func time(_ time: Timestamp) -> String {
        let date = Date(timeIntervalSince1970: Double(time.milliseconds / 1000))
        return date.formatted(Date.ISO8601FormatStyle(dateTimeSeparator: .space))
    }

    /// `05:31:02` in UTC.
    static func clock(_ time: Timestamp) -> String {
        let seconds = time.milliseconds / 1000 % 86400
        return "\(twoDigits(seconds / 3600)):\(twoDigits(seconds / 60 % 60)):\(twoDigits(seconds % 60))"
    }

    /// Enough digits to tell two measurements apart, and no more: `0.0123`, `12.35`, `1234.6`, `1.235e+09`.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        if value == value.rounded(), abs(value) < 1e9 { return "\(Int64(value))" }
        let magnitude = abs(value)
        if magnitude >= 1e9 || magnitude < 1e-4 {
            let exponent = Int(log10(magnitude).rounded(.down))
            return "\(fixed(value / pow(10, Double(exponent)), 3))e\(exponent)"
        }
        let digits = magnitude >= 1000 ? 1 : magnitude >= 10 ? 2 : magnitude >= 1 ? 3 : 5
        return fixed(value, digits)
    }

    /// `12.3 MB`, in powers of ten.
    static func bytes(_ count: Int64) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var value = Double(count)
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\(fixed(value, 1)) \(units[unit])"
    }

    /// `value` with that many digits after the point.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        var buffer = [CChar](repeating: 0, count: 400)
        let count = withVaList([Int32(digits), value]) { vsnprintf(&buffer, buffer.count, "%.*f", $0) }
        return String(decoding: buffer.prefix(Int(count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The colour of a status.
    static func color(of status: RunStatus) -> Terminal.Color? {
        switch status {
        case .succeeded: .green
        case .failed, .error, .timedOut: .red
        case .canceled: .yellow
        case .running, .collecting, .starting: .blue
        case .submitted, .fetching, .fetched, .queued: nil
        }
    }

    /// The first eight characters of an id: enough to name it.
    static func short(_ id: String) -> String { String(id.prefix(8)) }
}
