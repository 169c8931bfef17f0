import Descriptors
import Events
import Glibc
import JobRunner
import Runtime
import TestSupport
import Testing

/// What attempts print and measure reaches the log: all of it, once, in order.
@Suite struct CollectingTests {
    @Test func everyPointOfManyProcessesArrivesOnceAndNumberedWithoutGaps() async throws {
        let lab = try await AttemptLab()
        let script = """
            emit() { i=0; while [ $i -lt 300 ]; do echo "{\\"bai\\":1,\\"metrics\\":{\\"p$1\\":$i}}" >> $BAI_METRICS; i=$((i+1)); done; }
            for p in 1 2 3 4; do emit $p & done; wait
            """
        let outcome = try await lab.outcome(of: lab.job(script))
        #expect(outcome.metricCount == 1200)
        let points = try await lab.points()
        #expect(points.map(\.sequence) == Array(1...1200))
        for process in 1...4 {
            #expect(points.filter { $0.name == "p\(process)" }.map(\.value) == (0..<300).map(Double.init))
        }
        let end = try #require(try await lab.events(.metrics).last)
        #expect(try end.payload(as: MetricsEnded.self).end.count == 1200)
    }

    @Test func patternsFindEveryValueOnALine() async throws {
        let lab = try await AttemptLab()
        let job = lab.job(
            "echo 'accuracy=0.35, something, accuracy=0.88'; printf 'latency 12ms'; echo 'accuracy=0.5' >&2"
        ) {
            $0.output = Descriptor.Output(metrics: [
                Descriptor.Metric(name: "accuracy", units: "", pattern: #"accuracy=([-+]?\d*\.\d+|\d+)"#),
                Descriptor.Metric(name: "latency", units: "ms", pattern: #"latency (?<value>\d+)ms"#),
            ])
        }
        _ = try await lab.outcome(of: job)
        let points = try await lab.points()
        #expect(points.map(\.name) == ["accuracy", "accuracy", "latency"])
        #expect(points.map(\.value) == [0.35, 0.88, 12])
        #expect(points.map(\.unit) == [nil, nil, "ms"])
    }

    @Test func theFifoOfTheOldLibraryIsRead() async throws {
        let lab = try await AttemptLab()
        let script = """
            for i in 1 2 3; do echo '{"loss": 0.'$i', "name": "x"}' > $BENCHMARK_AI_FIFO_FILEPATH; done
            """
        let outcome = try await lab.outcome(of: lab.job(script))
        #expect(outcome.status == .succeeded)
        #expect(try await lab.points().map(\.value) == [0.1, 0.2, 0.3])
        #expect(try await lab.lines(.agent).map(\.text).first == "'name' is the text 'x', not a number")
    }

    @Test func theOldLibrarysStandardOutputIsReadWhenItIsToldToPrint() async throws {
        let lab = try await AttemptLab()
        let script = #"echo '{"loss": 0.5}'; echo '{not json}'; echo '{"loss": "0.25"}'; echo plain"#
        _ = try await lab.outcome(of: lab.job(script) { $0.env.vars = ["BENCHMARK_AI": "stdout"] })
        #expect(try await lab.points().map(\.value) == [0.5, 0.25])
        #expect(try await lab.lines().count == 4, "it is output all the same")
    }

    @Test func aBadLineIsToldAndHarmsNothing() async throws {
        let lab = try await AttemptLab()
        let script = #"printf '{"bai":1,"metrics":{"a":1}}\n{"bai":1,"metr\n{"b":2}' > $BAI_METRICS"#
        let outcome = try await lab.outcome(of: lab.job(script))
        #expect(outcome.status == .succeeded, "\(outcome.message)")
        #expect(try await lab.points().map(\.name) == ["a", "b"], "also the last line, which has no end")
        let complaints = try await lab.lines(.agent).map(\.text)
        #expect(complaints.count == 1)
        #expect(
            complaints.first?.hasPrefix("a line is no metric: a text does not end, at byte 14") == true,
            "\(complaints)")
    }

    @Test func whatIsPrintedIsFollowedWhileItRuns() async throws {
        let lab = try await AttemptLab()
        let reference = try await lab.runner.start(
            lab.job("echo early; echo '{\"x\":1}' >> $BAI_METRICS; sleep 300"), in: nil)
        let isThere = try await eventually {
            let (lines, points) = (try await lab.lines(), try await lab.points())
            return lines.map(\.text) == ["early"] && points.count == 1
        }
        #expect(isThere)
        try await lab.runner.stop(reference, grace: .zero, reason: .canceledByUser)
        _ = try await lab.end(of: reference)
    }

    @Test func aLogIsCutAtItsLimitAndSaysSo() async throws {
        var settings = LocalSettings()
        settings.logLimit = ByteSize(bytes: 10_000)
        let lab = try await AttemptLab(settings: settings)
        let job = lab.job(
            "i=0; while [ $i -lt 1000 ]; do echo \"line $i: abcdefghijklmnop\"; i=$((i+1)); done; echo x=7"
        ) {
            $0.output = Descriptor.Output(metrics: [Descriptor.Metric(name: "x", pattern: "x=(.*)")])
        }
        let reference = try await lab.runner.start(job, in: nil)
        let outcome = try await lab.end(of: reference)
        let lines = try await lab.lines()
        #expect(lines.map(\.sequence) == Array(1...Int64(lines.count)))
        let kept = lines.filter { $0.stream == .stdout }
        #expect(kept.reduce(0) { $0 + $1.text.utf8.count + 1 } <= 10_000)
        let words = lines.filter { $0.stream == .agent }.map(\.text)
        #expect(
            words == [
                "the log ends here: 10000 bytes of output are kept",
                "\(1001 - kept.count) lines were printed after that and not kept",
            ])
        #expect(outcome.logCount == Int64(lines.count))
        #expect(try await lab.points().map(\.value) == [7], "metrics are still found")
        let spool = SystemFile.bytes(try lab.folder(reference).standardOutput)
        #expect(spool?.count == 10_000)
    }

    @Test func anyAmountOfOutputIsTakenWithoutHoldingIt() async throws {
        let lab = try await AttemptLab()
        // Megabytes in lines of all lengths, bytes that are no text among them.
        let outcome = try await lab.outcome(
            of: lab.job(
                "head -c 2000000 /dev/urandom | tr -d '\\200-\\377'; echo; head -c 300000 /dev/zero; echo end"
            ))
        #expect(outcome.status == .succeeded)
        let lines = try await lab.lines(.stdout)
        #expect(lines.map(\.sequence) == Array(1...Int64(lines.count)))
        #expect(lines.last?.text.hasSuffix("end") == true)
        #expect(
            lines.filter { $0.text.hasSuffix(" [the line goes on]") }.count >= 4, "zeroes without a line end")
    }

    @Test func whileTheLogCannotBeReachedNothingIsLost() async throws {
        let away = try TemporaryFolder()
        // A folder in the place of the log's file cannot be opened as one.
        #expect(symlink(away.path, away.file("log.db")) == 0)
        let lab = try await AttemptLab(settings: LocalSettings(messageLog: away.file("log.db")))
        let reference = try await lab.runner.start(
            lab.job("echo kept; echo '{\"x\":1}' >> $BAI_METRICS"), in: nil)
        let folder = try lab.folder(reference)
        #expect(await eventually { SystemFile.text(folder.standardOutput) == "kept" })
        #expect(!folder.isEnded)
        #expect(symlink(lab.home.file("log.db"), away.file("back.db")) == 0)
        #expect(rename(away.file("back.db"), away.file("log.db")) == 0)
        #expect(try await lab.end(of: reference).status == .succeeded)
        #expect(try await lab.points().map(\.value) == [1])
        #expect(try await lab.lines().map(\.text) == ["kept"])
    }

    @Test func aLogThatStaysAwayIsAFailureOfTheInstallation() async throws {
        let away = try TemporaryFolder()
        let lab = try await AttemptLab(
            settings: LocalSettings(messageLog: away.path, publishDeadline: TimeSpan(.milliseconds(200))))
        let outcome = try await lab.outcome(of: lab.job("echo hello"))
        #expect(outcome.status == .error)
        #expect(outcome.reason == .metricsLost)
        #expect(outcome.failure == .infrastructure)
        #expect(outcome.exitCode == 0)
    }

    @Test func aBenchmarkWaitsRatherThanThatItsOutputIsLost() async throws {
        let away = try TemporaryFolder()
        #expect(symlink(away.path, away.file("log.db")) == 0)
        let lab = try await AttemptLab(settings: LocalSettings(messageLog: away.file("log.db")))
        // More than the agent holds, in long lines.
        let script = "head -c 24000000 /dev/zero | tr '\\000' x | fold -w 60000; echo; echo done > done.txt"
        let reference = try await lab.runner.start(lab.job(script), in: nil)
        let folder = try lab.folder(reference)
        let isFull = await eventually {
            (SystemFile.bytes(folder.standardOutput, limit: 64 << 20)?.count ?? 0) > 16 << 20
        }
        #expect(isFull)
        #expect(try lab.text("done.txt", of: reference) == nil)
        #expect(symlink(lab.home.file("log.db"), away.file("back.db")) == 0)
        #expect(rename(away.file("back.db"), away.file("log.db")) == 0)
        let outcome = try await lab.end(of: reference)
        #expect(outcome.status == .succeeded)
        #expect(outcome.logCount == 400)
        #expect(outcome.disturbances.contains { $0.contains("had to wait with its output") })
    }

    @Test func aFileOfMeasurementsThatIsBegunAnewIsReadAnew() async throws {
        let lab = try await AttemptLab()
        let script = """
            echo '{"long_name_of_a_metric":1}' > $BAI_METRICS; sleep 0.4; echo '{"x":2}' > $BAI_METRICS
            """
        _ = try await lab.outcome(of: lab.job(script))
        #expect(try await lab.points().map(\.value) == [1, 2])
        #expect(try await lab.lines(.agent).map(\.text).first?.contains("append to it") == true)
    }
}
