internal import Descriptors
internal import Runtime

/// What is taken for a quantity is written as one that is the same.
enum QuantityProperties {
    static func check(_ bytes: [UInt8]) throws(Violation) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let span = TimeSpan(text) {
            try expect(TimeSpan(span.description) == span, "the duration becomes \(span)")
        }
        if let size = ByteSize(text) {
            try expect(ByteSize(size.description) == size, "the size becomes \(size)")
        }
        try checkCron(text)
    }

    private static func checkCron(_ text: String) throws(Violation) {
        do throws(CronError) {
            let cron = try CronExpression(text)
            let fields: [(Set<Int>, ClosedRange<Int>)] = [
                (cron.minutes, 0...59), (cron.hours, 0...23), (cron.daysOfMonth, 1...31),
                (cron.months, 1...12),
                (cron.daysOfWeek, 0...6),
            ]
            guard fields.allSatisfy({ values, range in !values.isEmpty && values.allSatisfy(range.contains) })
            else { throw CronError("") }
        } catch {
            try expect(!error.message.isEmpty, "a field of the expression is empty or out of its range")
            try expect(error.message.utf8.count < 1000, "the refusal is as long as what it refuses")
            try expect(DescriptorProperties.isHarmless(error.message), "the refusal would steer a terminal")
        }
    }
}
