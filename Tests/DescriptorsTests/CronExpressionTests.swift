import Testing

@testable import Descriptors

@Suite struct CronExpressionTests {
    @Test func fieldsBecomeNumbers() throws {
        let cron = try CronExpression("*/20 9-11,22 1-7/3 jan,DEC mon-5")
        #expect(cron.minutes == [0, 20, 40])
        #expect(cron.hours == [9, 10, 11, 22])
        #expect(cron.daysOfMonth == [1, 4, 7])
        #expect(cron.months == [1, 12])
        #expect(cron.daysOfWeek == [1, 2, 3, 4, 5])
        #expect(!cron.isAnyDayOfMonth && !cron.isAnyDayOfWeek)
    }

    @Test func sundayIsZeroAndSeven() throws {
        #expect(try CronExpression("0 0 * * 7").daysOfWeek == [0])
        #expect(try CronExpression("0 0 * * fri-sun").daysOfWeek == [5, 6, 0])
        #expect(try CronExpression("0 0 * * *").daysOfWeek == [0, 1, 2, 3, 4, 5, 6])
    }

    @Test func aNumberWithAStepRunsToTheEnd() throws {
        #expect(try CronExpression("50/5 * * * *").minutes == [50, 55])
    }

    @Test(arguments: [
        ("@daily", "0 0 * * *"), ("@Hourly", "0 * * * *"), ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"), ("@midnight", "0 0 * * *"), ("0 0 ? * ?", "0 0 * * *"),
        ("0  0\t* * *", "0 0 * * *"),
    ])
    func someExpressionsAreOthersInDisguise(text: String, same: String) throws {
        #expect(try CronExpression(text) == CronExpression(same))
    }

    @Test func theTwentyNinthOfFebruaryHappensAndTheThirtiethDoesNot() throws {
        #expect(throws: Never.self) { try CronExpression("0 0 29 2 *") }
        #expect(throws: CronError.self) { try CronExpression("0 0 30 2 *") }
        #expect(throws: CronError.self) { try CronExpression("0 0 31 apr,jun *") }
        #expect(throws: Never.self) { try CronExpression("0 0 30 2 mon") }
    }

    @Test(arguments: [
        ("", "it has 0 fields, not 5"), ("0 3 * *", "it has 4 fields, not 5"),
        ("60 * * * *", "60 is no minute: 0 to 59"),
        ("* 24 * * *", "24 is no hour: 0 to 23"), ("* * 0 * *", "0 is no day of month: 1 to 31"),
        ("* * * 13 *", "13 is no month: 1 to 12"), ("* * * * 8", "8 is no day of week: 0 to 7"),
        ("5-1 * * * *", "\"5-1\" in the minute runs backwards"),
        ("*/0 * * * *", "\"0\" in the minute is no step"),
        ("*/ * * * *", "\"\" in the minute is no step"), ("1,,2 * * * *", "\"\" is no minute"),
        ("1-2-3 * * * *", "\"1-2-3\" in the minute is no range"), ("-1 * * * *", "\"\" is no minute"),
        ("? * * * *", "\"?\" is no minute"), ("* * L * *", "\"L\" is no day of month"),
        ("@reboot", "\"@reboot\" is no time"), ("@often", "there is no \"@often\""),
        ("99999999999999999999 * * * *", "\"99999999999999999999\" is no minute"),
    ])
    func anythingElseIsRefusedWithAReason(text: String, message: String) {
        let error = #expect(throws: CronError.self) { try CronExpression(text) }
        #expect(error?.message == message)
    }
}
