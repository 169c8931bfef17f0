"""Where lines go, and what happens when they cannot: files, FIFOs, stdout, Benchmark AI's own variables."""

import os
import select
import time
import unittest

from support import DEADLINE, LIBRARY, ProgramTest, parse


def is_whole(line):
    try:
        return bool(parse(line))
    except ValueError:
        return False


class FileTests(ProgramTest):
    def test_lines_are_written_soon_without_any_exit(self):
        process = self.start("emit('x', 1); sys.stdin.read()")
        self.eventually(lambda: os.path.exists(self.path) and self.values("x") == [1], "the sample is in the file")
        self.assertIsNone(process.poll())

    def test_lines_are_appended_to_what_is_there(self):
        with open(self.path, "w") as file:
            file.write('{"bai":1,"metrics":{"x":1}}\n')
        self.run_program("emit('x', 2)")
        self.assertEqual(self.values("x"), [1, 2])

    def test_a_relative_path_is_kept_when_the_folder_changes(self):
        self.run_program("os.chdir(%r); emit('x', 1); os.chdir('/'); flush()" % self.folder, BAI_METRICS="metrics.jsonl")
        self.assertEqual(self.values("x"), [1])

    def test_many_processes_write_whole_lines_to_one_file(self):
        program = "for k in range(3000): emit('x', k, labels={'process': sys.stdin.read(1) or '%s'})"
        processes = [self.start(program % number) for number in range(6)]
        for process in processes:
            process.communicate()
            self.assertEqual(process.returncode, 0)
        seen = [(line["labels"]["process"], line["metrics"]["x"]) for line in self.lines() if "metrics" in line]
        self.assertEqual(sorted(seen), sorted((str(p), k) for p in range(6) for k in range(3000)))

    def test_a_file_that_cannot_be_written_is_told_once_at_the_end(self):
        path = os.path.join(self.folder, "missing", "metrics.jsonl")
        start = time.monotonic()
        _, err = self.run_program("for k in range(5): emit('x', k)", BAI_METRICS=path)
        self.assertLess(time.monotonic() - start, 1.5, "waiting does not help here")
        self.assertIn("5 samples were dropped; the first because: [Errno 2]", err)
        self.assertEqual(err.count("\n"), 1)

    def test_a_full_disk_loses_nothing_once_there_is_room_again(self):
        # A limit on the size of files stands in for the full disk: it cuts a write in the middle in the same way.
        program = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
for k in range(100): emit('x', k)
assert not flush(0.5)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert flush()
"""
        self.run_program(program)
        with open(self.path) as file:
            lines = file.read().splitlines()
        whole = [parse(line)[0] for line in lines if is_whole(line)]
        self.assertLessEqual(len(lines) - len(whole), 1, "one line is torn, and written again as a whole")
        self.assertEqual([line["metrics"]["x"] for line in whole[:-1]], list(range(100)))
        self.assertEqual(whole[-1]["dropped"], 0)

    def test_a_line_is_never_written_twice_wherever_a_full_disk_cuts_it(self):
        self.run_program("emit('x', 0)")
        with open(self.path) as file:
            length = len(file.readline())
        for limit in [2 * length + cut for cut in range(-3, 4)] + [length // 2, 3 * length + length // 2]:
            self.path = os.path.join(self.folder, str(limit))
            program = """
import resource
for limit in (%d, resource.RLIM_INFINITY):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for k in range(4): emit('x', k)
    flush(0.05)
"""
            self.run_program(program % limit)
            with open(self.path) as file:
                lines = [parse(line)[0] for line in file.read().splitlines() if is_whole(line)]
            self.assertEqual([line["metrics"]["x"] for line in lines[:-1]], [0, 1, 2, 3] * 2, "cut at %d" % limit)

    def test_a_descriptor_that_the_benchmark_closed_and_used_again_is_left_alone(self):
        other = os.path.join(self.folder, "other")
        program = """
emit('x', 1); flush()
os.closerange(3, 30)
mine = [open(%r, 'w') for _ in range(5)]
emit('x', 2); flush()
"""
        self.run_program(program % other)
        self.assertEqual(self.values("x"), [1, 2])
        self.assertEqual(os.path.getsize(other), 0)

    def test_the_buffer_is_bounded_and_the_overflow_counted(self):
        path = os.path.join(self.folder, "missing", "metrics.jsonl")
        program = """
for k in range(20000): emit('x', k)
count = stats()
assert count['written'] == 0 and count['buffered'] + count['dropped'] == 20000, count
assert 16384 <= count['buffered'] <= 16384 + 512, count
"""
        self.run_program(program, BAI_METRICS=path)

    def test_the_buffer_is_bounded_for_large_mappings_too(self):
        path = os.path.join(self.folder, "missing", "metrics.jsonl")
        program = """
large = {str(k): k for k in range(1000)}
for k in range(600): emit(large)
count = stats()
assert count['buffered'] + count['dropped'] == 600000 and count['buffered'] <= (16384 + 512) * 32, count
"""
        self.run_program(program, BAI_METRICS=path)


class FIFOTests(ProgramTest):
    def setUp(self):
        super().setUp()
        os.mkfifo(self.path)

    def read_to_end(self):
        """Everything until the last writer closes."""
        with open(self.path) as file:
            return parse(file.read())

    def test_a_reader_gets_every_line(self):
        process = self.start("for k in range(5000): emit('x', k)")
        lines = self.read_to_end()
        self.assertEqual([line["metrics"]["x"] for line in lines[:-1]], list(range(5000)))
        self.assertEqual(lines[-1]["dropped"], 0)
        self.assertEqual(process.wait(), 0)

    def test_a_late_reader_gets_every_line(self):
        process = self.start("emit('x', 1); time.sleep(0.2); print('go', flush=True)")
        process.stdout.readline()
        lines = self.read_to_end()
        self.assertEqual([line.get("metrics") for line in lines], [{"x": 1}, None])

    def test_nobody_waits_for_a_reader_that_never_comes(self):
        program = """
start = time.monotonic()
for k in range(1000): emit('x', k)
assert time.monotonic() - start < 1, 'emit waited'
"""
        start = time.monotonic()
        _, err = self.run_program(program)
        self.assertLess(time.monotonic() - start, 10, "the exit is late by 2 s at most")
        self.assertIn("1000 samples were dropped; the first because: [Errno 6]", err)

    def test_a_full_fifo_stops_nobody_and_loses_nothing_that_is_not_counted(self):
        process = self.start(
            """
start = time.monotonic()
for k in range(30000): emit('x', k)
assert time.monotonic() - start < 5, 'emit waited'
print('emitted', flush=True)
sys.stdin.read()
"""
        )
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.assertEqual(process.stdout.readline(), "emitted\n")
        os.set_blocking(reader, True)
        process.stdin.close()
        process.stdin = None
        with open(reader) as file:
            lines = parse(file.read())
        values = [line["metrics"]["x"] for line in lines[:-1]]
        self.assertEqual(values, sorted(set(values)))
        self.assertGreater(lines[-1]["dropped"], 0)
        self.assertEqual(len(values) + lines[-1]["dropped"], 30000)

    def test_a_reader_that_goes_away_kills_nobody_and_the_next_one_gets_the_rest(self):
        # Many programs restore SIGPIPE's default, which is to die of a write without a reader.
        process = self.start(
            """
import signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
emit('x', 1)
sys.stdin.readline()
emit('x', 2)
print(flush(0.2), flush=True)
sys.stdin.readline()
emit('x', 3)
"""
        )
        with open(self.path) as file:
            self.assertEqual(parse(file.readline())[0]["metrics"], {"x": 1})
        process.stdin.write("\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "False\n")
        process.stdin.write("\n")
        process.stdin.flush()
        lines = self.read_to_end()
        self.assertEqual([line.get("metrics") for line in lines], [{"x": 2}, {"x": 3}, None])
        self.assertEqual(process.wait(), 0)

    def test_several_writers_share_a_fifo_line_by_line(self):
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        processes = [self.start("for k in range(2000): emit('x', k, labels={'p': '%d'})" % p) for p in range(4)]
        os.set_blocking(reader, True)
        holder = os.open(self.path, os.O_WRONLY)  # until all have come, so that no end of file is seen between them
        text = b""
        while text.count(b'"dropped"') < 4:
            self.assertTrue(select.select([reader], [], [], DEADLINE)[0], "a writer has not come to its end")
            text += os.read(reader, 65536)
        os.close(holder)
        os.close(reader)
        seen = [(line["labels"]["p"], line["metrics"]["x"]) for line in parse(text.decode()) if "metrics" in line]
        self.assertEqual(sorted(seen), sorted((str(p), k) for p in range(4) for k in range(2000)))
        for process in processes:
            self.assertEqual(process.wait(), 0)


class StdoutTests(ProgramTest):
    def test_lines_keep_their_place_among_prints(self):
        program = "for k in range(2000):\n  print('before', k, 'x' * 30)\n  emit('x', k)\nprint('after')"
        out, err = self.run_program(program, BAI_METRICS="stdout")
        lines = out.splitlines()
        self.assertEqual(lines[:-2:2], ["before %d %s" % (k, "x" * 30) for k in range(2000)])
        self.assertEqual([parse(line)[0]["metrics"]["x"] for line in lines[1:-2:2]], list(range(2000)))
        self.assertEqual((lines[-2], parse(lines[-1])[0]["dropped"], err), ("after", 0, ""))

    def test_no_thread_is_started(self):
        program = "emit('x', 1); print(len(os.listdir('/proc/self/task')))"
        out, _ = self.run_program(program, BAI_METRICS="stdout")
        self.assertEqual(out.splitlines()[1], "1")

    def test_lines_are_not_kept_back_for_long(self):
        process = self.start("emit('x', 1)\nsys.stdin.read()", BAI_METRICS="stdout")
        self.assertEqual(parse(process.stdout.readline())[0]["metrics"], {"x": 1})

    def test_lines_go_to_the_process_where_sys_stdout_was_replaced(self):
        program = "import io\nsys.stdout = io.StringIO()\nemit('x', 1)"
        out, _ = self.run_program(program, BAI_METRICS="stdout")
        self.assertEqual(parse(out)[0]["metrics"], {"x": 1})

    def test_a_closed_stdout_is_survived_and_told(self):
        _, err = self.run_program("sys.stdout.close()\nemit('x', 1)", BAI_METRICS="stdout")
        self.assertIn("1 samples were dropped", err)

    def test_a_fork_does_not_write_buffered_lines_twice(self):
        program = "for k in range(10): emit('x', k)\nif os.fork(): os.wait()"
        out, _ = self.run_program(program, BAI_METRICS="stdout")
        lines = parse(out)
        self.assertEqual([line["metrics"]["x"] for line in lines if "metrics" in line], list(range(10)))


class BenchmarkAITests(ProgramTest):
    """A benchmark written for Benchmark AI's client library, in an environment that is Benchmark AI's."""

    def test_stdout_carries_its_plain_lines(self):
        program = "emit({'accuracy': 0.5, 'loss': 0.25}, step=3)\nprogress(1, 2)\nemit({'accuracy': 0.75})"
        out, err = self.run_program(program, BAI_METRICS=None, BENCHMARK_AI="stdout")
        self.assertEqual((out, err), ('{"accuracy":0.5,"loss":0.25}\n{"accuracy":0.75}\n', ""))

    def test_a_fifo_that_is_made_late_gets_its_plain_lines(self):
        path = os.path.join(self.folder, "fifo")
        process = self.start(
            "emit({'accuracy': 0.5})\nprint('emitted', flush=True)",
            BAI_METRICS=None,
            BENCHMARK_AI="fifo",
            BENCHMARK_AI_FIFO_FILEPATH=path,
            BENCHMARK_AI_FIFO_MAX_WAIT_TIME="10",
        )
        process.stdout.readline()
        time.sleep(0.1)
        os.mkfifo(path)  # fails if a file has been made in its place
        with open(path) as file:
            self.assertEqual(file.read(), '{"accuracy":0.5}\n')
        self.assertEqual(process.wait(), 0)

    def test_a_fifo_that_is_never_made_is_waited_for_as_long_as_told(self):
        start = time.monotonic()
        _, err = self.run_program(
            "emit({'accuracy': 0.5})",
            BAI_METRICS=None,
            BENCHMARK_AI="fifo",
            BENCHMARK_AI_FIFO_FILEPATH=os.path.join(self.folder, "fifo"),
            BENCHMARK_AI_FIFO_MAX_WAIT_TIME="0.3",
        )
        self.assertTrue(0.3 <= time.monotonic() - start < 2)
        self.assertIn("1 samples were dropped", err)

    def test_our_own_variable_wins(self):
        out, _ = self.run_program("emit({'accuracy': 0.5})", BENCHMARK_AI="stdout")
        self.assertEqual((out, self.values("accuracy")), ("", [0.5]))

    def test_an_unknown_mode_raises_only_where_strict(self):
        out, _ = self.run_program("emit({'a': 1})", BAI_METRICS=None, BENCHMARK_AI="kafka")
        self.assertEqual(out, "")
        _, err = self.run_program("emit({'a': 1})", 1, BAI_METRICS=None, BENCHMARK_AI="kafka", BAI_STRICT="1")
        self.assertIn("BENCHMARK_AI must be stdout or fifo, not 'kafka'", err)


class PackageTests(unittest.TestCase):
    def test_the_version_is_the_same_in_both_places(self):
        with open(os.path.join(LIBRARY, "pyproject.toml")) as file:
            project = file.read()
        with open(os.path.join(LIBRARY, "benchmarkai", "__init__.py")) as file:
            module = file.read()
        version = project.split('\nversion = "')[1].split('"')[0]
        self.assertIn('\n__version__ = "%s"\n' % version, module)


if __name__ == "__main__":
    unittest.main()
