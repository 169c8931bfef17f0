import Diagnostics
import JSON
import Runtime
import Testing

@testable import Descriptors

@Suite struct OverrideTests {
    private func read(_ overrides: String...) throws -> DescriptorReading {
        try Repository.read("descriptors/examples/scheduled.toml", overrides: overrides)
    }

    @Test func aValueReplacesOrAddsOne() throws {
        let reading = try read(
            "run.repeats=3", "run.limits.cpu_time=1h", "info.task_name=other", "env.vars.N=007",
            "alarms[0].above=3.5",
            "alarms[2].metric=query_seconds", "alarms[2].below=1", "run.retry_on=[\"benchmark\"]",
            "run.interleave=false",
            "info.labels.\"a.b\"=\"quoted\"", "custom_params.hyper_params.x={ y = [1] }")
        #expect(reading.problems.report == "")
        let descriptor = try #require(reading.descriptor)
        #expect(descriptor.run.repeats == 3)
        #expect(descriptor.run.limits.cpuTime?.text == "1h")
        #expect(descriptor.run.limits.memory?.text == "16GiB")
        #expect(descriptor.info.taskName == "other")
        #expect(descriptor.env.vars["N"] == "007")
        #expect(descriptor.alarms.map(\.above) == [3.5, nil, nil])
        #expect(descriptor.alarms.map(\.below) == [nil, nil, 1])
        #expect(descriptor.run.retryOn == [.benchmark])
        #expect(descriptor.info.labels == ["team": "storage", "a.b": "quoted"])
        #expect(descriptor.customParams.hyperParams == ["x": ["y": [1]]])
    }

    @Test func theLastOneCounts() throws {
        #expect(try read("run.repeats=3", "run.repeats=4").descriptor?.run.repeats == 4)
    }

    @Test func aMistakePointsAtTheArgument() throws {
        #expect(
            try read("run.repaets=3", "run.timeout=soon").problems.report == """
                --set run.repaets=3: error[unknown_key]: unknown key "repaets" in [run]
                      | run.repaets=3
                      |     ^
                  did you mean: repeats

                --set run.timeout=soon: error[bad_quantity]: run.timeout is "soon"
                      | run.timeout=soon
                      |             ^
                  expected: a duration from 1s to 31d, such as "30m", "1h30m" or "90s"

                2 errors
                """)
    }

    @Test(arguments: [
        ("run.repeats", 1, "there is no \"=\""), ("=3", 1, "a key is missing"),
        ("run.=3", 5, "a key is missing"),
        ("run..x=3", 5, "a key is missing"),
        ("alarms[x].above=1", 7, "a number and \"]\" are expected after \"[\""),
        ("alarms[0=1", 7, "a number and \"]\" are expected after \"[\""),
        ("run\"x\"=1", 4, "\"\"\" is not expected here"),
        ("alarms[9].above=1", 7, "there is no element 9: alarms has 2"),
        ("run.repeats.x=1", 13, "run.repeats is an integer"), ("run[0]=1", 4, "run is a table"),
        ("\"a=1", 5, "the key has no end"),
        (String(repeating: "a.", count: 40) + "a=1", 1, "the key has more than 32 parts"),
    ])
    func whatIsNoOverrideIsRefused(argument: String, column: Int, message: String) throws {
        let reading = try read(argument)
        #expect(reading.descriptor == nil)
        #expect(reading.problems.map(\.code) == ["bad_override"])
        #expect(reading.problems.map(\.message) == [message])
        #expect(reading.problems.map(\.excerpt?.caret) == [column - 1])
    }

    @Test func aValueCannotSmuggleInMoreKeys() throws {
        let reading = try read("run.repeats=3\nwarmup = 7")
        #expect(reading.descriptor == nil)
        #expect(reading.problems.map(\.code) == ["wrong_type"])
    }

    @Test func aMissingKeyCanComeFromTheCommandLine() throws {
        let reading = DescriptorReader.read(
            "", filename: "d.toml",
            overrides: [
                "spec_version=0.1.0", "info.description=d", "hardware.instance_type=local",
                "env.docker_image=i",
            ])
        #expect(reading.problems.report == "")
        #expect(reading.descriptor == DescriptorTests.smallest)
    }
}
