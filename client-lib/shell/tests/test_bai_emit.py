"""bai-emit, under every shell that is installed."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

TOOL = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bai-emit")
SHELLS = [name for name in ("dash", "bash", "ksh", "mksh", "yash", "sh") if shutil.which(name)]
DEADLINE = 20.0  # seconds


class ShellTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(self.folder, "metrics.jsonl")

    def emit(self, *arguments, shell="sh", status=0, **variables):
        """Runs bai-emit and returns (stdout, stderr); BAI_METRICS names self.path unless told otherwise."""
        environment = {"PATH": os.environ["PATH"], "BAI_METRICS": self.path}
        environment.update(variables)
        environment = {name: value for name, value in environment.items() if value is not None}
        done = subprocess.run(
            [shell, TOOL, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=DEADLINE
        )
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout.decode(), done.stderr.decode()

    def lines(self):
        """The objects in self.path, which is emptied."""
        if not os.path.exists(self.path):
            return []
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        os.remove(self.path)
        return [json.loads(line) for line in text.splitlines()]

    def metrics(self, *arguments, **options):
        """The metrics of the one line that the arguments make."""
        self.emit(*arguments, **options)
        [line] = self.lines()
        return line["metrics"]


class LineTests(ShellTest):
    def test_a_line_is_that_of_the_python_library(self):
        for shell in SHELLS:
            before = time.time()
            _, err = self.emit("latency=12.3ms", "loss=0.1", "--step", "3", "--label", "k=v", "--label=size=4", shell=shell)
            [line] = self.lines()
            self.assertTrue(before - 1 < line.pop("time") < time.time() + 1)
            self.assertEqual(
                line,
                {
                    "bai": 1,
                    "metrics": {"latency": 12.3, "loss": 0.1},
                    "units": {"latency": "ms"},
                    "step": 3,
                    "labels": {"k": "v", "size": "4"},
                },
                shell,
            )
            self.assertEqual(err, "", shell)

    def test_numbers_are_made_json(self):
        numbers = {
            "7": 7, "-7": -7, "+7": 7, "007": 7, "0": 0, "00": 0, ".5": 0.5, "5.": 5, "-.5": -0.5, "1.50": 1.5,
            "1e3": 1000, "1E-3": 0.001, "1e+3": 1000, "-0.25e2": -25, "1e007": 1e7, "1e-300": 1e-300,
            "nan": "NaN", "NaN": "NaN", "-nan": "NaN", "inf": "Infinity", "+inf": "Infinity", "-Inf": "-Infinity",
            "Infinity": "Infinity", "-infinity": "-Infinity",
        }  # fmt: skip
        names = {"m%d" % index: text for index, text in enumerate(numbers)}
        for shell in SHELLS:
            metrics = self.metrics(*["%s=%s" % pair for pair in names.items()], shell=shell)
            self.assertEqual({names[name]: value for name, value in metrics.items()}, numbers, shell)

    def test_a_unit_is_what_follows_the_number(self):
        units = {"1ms": "ms", "1e3eur": "eur", "1eur": "eur", "5%": "%", "9req/s": "req/s", "2 s": "s", "3µs": "µs", "4E": "E"}
        names = {"m%d" % index: text for index, text in enumerate(units)}
        for shell in SHELLS:
            self.emit(*["%s=%s" % pair for pair in names.items()], shell=shell)
            [line] = self.lines()
            self.assertEqual({names[name]: unit for name, unit in line["units"].items()}, units, shell)

    def test_names_and_labels_may_hold_any_printable_text(self):
        for shell in SHELLS:
            self.emit('a"b\\c=1', "größe=2", "sp ace=3", "$(x)*=4", "--label", 'k"=v=w\\', shell=shell)
            [line] = self.lines()
            self.assertEqual(line["metrics"], {'a"b\\c': 1, "größe": 2, "sp ace": 3, "$(x)*": 4}, shell)
            self.assertEqual(line["labels"], {'k"': "v=w\\"}, shell)

    def test_several_samples_of_one_metric_get_a_line_each(self):
        for shell in SHELLS:
            self.emit("a=1", "b=1s", "a=2ms", "a=3", "--step=1", shell=shell)
            lines = self.lines()
            self.assertEqual([line["metrics"] for line in lines], [{"a": 1, "b": 1}, {"a": 2}, {"a": 3}], shell)
            self.assertEqual([line.get("units") for line in lines], [{"b": "s"}, {"a": "ms"}, None], shell)
            self.assertEqual([line["step"] for line in lines], [1, 1, 1], shell)

    def test_steps_are_integers(self):
        for given, step in (("0", 0), ("-0", 0), ("007", 7), ("-12", -12), ("9" * 18, 10**18 - 1)):
            self.emit("a=1", "--step", given)
            self.assertEqual(self.lines()[0]["step"], step)

    def test_lines_are_appended(self):
        self.emit("a=1")
        self.emit("a=2")
        self.assertEqual([line["metrics"]["a"] for line in self.lines()], [1, 2])

    def test_processes_at_the_same_time_write_whole_lines(self):
        script = 'for k in 1 2 3 4 5 6 7 8 9 10; do for p in 1 2 3 4; do sh %s a=$p & done; wait; done' % TOOL
        subprocess.run(["sh", "-c", script], env=dict(os.environ, BAI_METRICS=self.path), check=True, timeout=DEADLINE)
        self.assertEqual(sorted(line["metrics"]["a"] for line in self.lines()), sorted([1, 2, 3, 4] * 10))

    def test_a_shell_without_fractions_of_seconds_still_has_a_time(self):
        with open(os.path.join(self.folder, "date"), "w") as file:
            file.write('#!/bin/sh\ncase $1 in +%s) echo 1700000000 ;; *) echo 1700000000.%N ;; esac\n')
        os.chmod(file.name, 0o755)
        self.emit("a=1", PATH=self.folder + ":" + os.environ["PATH"])
        self.assertEqual(self.lines()[0]["time"], 1700000000)


class WrongUseTests(ShellTest):
    WRONG = ["a", "5", "=5", "a=", "a=fast", "a=ms12", "a=1,5", "a=1.2.3", "a=2026-01-01", "a=--1", "a=.", "a=1e999",
             "a=" + "9" * 400, "a=1\nb", "new\nline=1", "a=1\tms"]  # fmt: skip

    def test_wrong_metrics_are_told_and_counted_and_the_rest_written(self):
        for shell in SHELLS:
            for wrong in self.WRONG:
                _, err = self.emit("good=1", wrong, shell=shell)
                metrics, dropped = self.lines()
                self.assertEqual((metrics["metrics"], dropped["dropped"]), ({"good": 1}, 1), (shell, wrong))
                self.assertIn("not a NAME=NUMBER[UNIT], for example: bai-emit latency=12.3ms", err)

    def test_a_wrong_option_drops_all_for_the_samples_would_join_another_series(self):
        for options in (["--step", "x"], ["--step", "1.5"], ["--step"], ["--step="], ["--step", "9" * 19],
                        ["--label", "k"], ["--label", "=v"], ["--label"], ["--speed", "3"], ["-x"]):  # fmt: skip
            _, err = self.emit("a=1", *options)
            self.assertEqual([line["dropped"] for line in self.lines()][0], 2 if options == ["--speed", "3"] else 1)
            self.assertIn("bai-emit: " + options[0].rstrip("="), err)

    def test_no_arguments_say_how(self):
        _, err = self.emit()
        self.assertIn("for example: bai-emit latency=12.3ms", err)
        self.assertEqual(self.lines(), [])

    def test_too_many_metrics_for_one_write_are_told(self):
        _, err = self.emit(*["metric%d=1" % k for k in range(400)])
        self.assertIn("use several calls", err)
        self.assertEqual([line["dropped"] for line in self.lines()], [400])

    def test_strictness_fails_and_writes_nothing(self):
        for wrong in (["a=fast", "b=1"], ["a=1", "--step", "x"], []):
            self.emit(*wrong, status=2, BAI_STRICT="1")
            self.assertEqual(self.lines(), [])
        self.emit("a=1", status=0, BAI_STRICT="1")
        self.emit("a=fast", status=0, BAI_STRICT="0")

    def test_help_is_given(self):
        out, _ = self.emit("--help")
        self.assertIn("usage: bai-emit NAME=NUMBER[UNIT]", out)


class TargetTests(ShellTest):
    def test_nothing_is_written_with_nothing_around(self):
        self.assertEqual(self.emit("a=1", BAI_METRICS=None), ("", ""))

    def test_stdout_may_be_the_target(self):
        out, _ = self.emit("a=1", BAI_METRICS="stdout")
        self.assertEqual(json.loads(out)["metrics"], {"a": 1})

    def test_a_file_that_cannot_be_written_is_told_and_fails_only_where_strict(self):
        for shell in SHELLS:
            path = os.path.join(self.folder, "missing", "file")
            self.assertEqual(
                self.emit("a=1", BAI_METRICS=path, shell=shell),
                ("", "bai-emit: could not write 1 metrics to %s\n" % path),
            )
            self.emit("a=1", BAI_METRICS=path, BAI_STRICT="1", shell=shell, status=1)

    def test_a_fifo_gets_the_line(self):
        os.mkfifo(self.path)
        # The guard that gives up on a reader naps for long here: no slow machine is mistaken for waiting for it.
        programs = os.path.join(self.folder, "programs")
        os.mkdir(programs)
        with open(os.path.join(programs, "sleep"), "w") as nap:
            nap.write("#!/bin/sh\nexec %s 20\n" % shutil.which("sleep"))
        os.chmod(nap.name, 0o755)
        for shell in SHELLS:
            reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
            start = time.monotonic()
            self.emit("a=1", shell=shell, PATH="%s:%s" % (programs, os.environ["PATH"]))
            self.assertLess(time.monotonic() - start, 15, "it does not wait for its own guard")
            self.assertEqual(json.loads(os.read(reader, 4096))["metrics"], {"a": 1})
            os.close(reader)

    def test_a_fifo_without_a_reader_is_given_up(self):
        os.mkfifo(self.path)
        _, err = self.emit("a=1", BAI_METRICS=self.path)
        self.assertIn("could not write", err)

    def test_benchmark_ai_gets_its_plain_lines(self):
        out, _ = self.emit("a=1ms", "b=2", "a=3", "--step", "3", "--label", "k=v", BAI_METRICS=None, BENCHMARK_AI="stdout")
        self.assertEqual(out, '{"a":1,"b":2}\n{"a":3}\n')
        os.mkfifo(self.path)
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.emit("a=1", BAI_METRICS=None, BENCHMARK_AI="fifo", BENCHMARK_AI_FIFO_FILEPATH=self.path)
        self.assertEqual(os.read(reader, 4096), b'{"a":1}\n')

    def test_benchmark_ais_fifo_is_never_made_as_a_file(self):
        self.emit("a=1", BAI_METRICS=None, BENCHMARK_AI="fifo", BENCHMARK_AI_FIFO_FILEPATH=self.path)
        self.assertFalse(os.path.exists(self.path))


if __name__ == "__main__":
    unittest.main()
