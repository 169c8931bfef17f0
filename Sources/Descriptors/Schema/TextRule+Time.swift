internal import Patterns

extension TextRule {
    static let cron = TextRule(
        code: "bad_cron", expected: "five fields such as \"0 3 * * *\", or \"@daily\"",
        fault: { text in
            do throws(CronError) {
                _ = try CronExpression(text)
                return nil
            } catch {
                return TextFault("is no cron expression: \(error.message)", suggestion: error.suggestion)
            }
        })

    static let scheduling = TextRule(
        code: "bad_cron", expected: "\"single_run\", or a cron expression such as \"0 3 * * *\"",
        fault: { text in text == Descriptor.Info.singleRun ? nil : cron.fault(text) })

    static let timezone = TextRule(
        code: "bad_timezone", expected: "a name of the time zone database such as \"Europe/Berlin\"",
        schemaPattern: "^[A-Za-z0-9][A-Za-z0-9_+/-]*$",
        fault: { text in
            if TimeZoneNames.isKnown(text) { return nil }
            return TextFault(
                "is no time zone", suggestion: TimeZoneNames.nearest(to: text).map { "\"\($0)\"" })
        })

    static let pattern = TextRule(
        code: "bad_pattern", expected: "a regular expression such as 'loss=([0-9.]+)'",
        fault: { text in
            if text.isEmpty { return TextFault("is empty") }
            do throws(PatternError) {
                _ = try Pattern(text)
                return nil
            } catch {
                return TextFault("is no regular expression: \(error)")
            }
        })
}
