"""Threads, forks, signals and all the ways in which a process ends."""

import os
import signal
import unittest

from support import ProgramTest


class ThreadTests(ProgramTest):
    def test_every_sample_of_every_thread_is_written_once(self):
        program = """
import threading
def work(number):
    for k in range(1000): emit('x', number * 1000 + k)
threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
        self.emitted(program)
        self.assertEqual(sorted(self.values("x")), list(range(8000)))

    def test_drops_of_all_threads_are_counted(self):
        program = """
import threading
def work():
    for k in range(2000): emit('x', None)
threads = [threading.Thread(target=work) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert stats()['dropped'] == stats()['dropped'] == 16000, stats()
"""
        self.run_program(program)
        self.assertEqual(self.lines()[-1]["dropped"], 16000)

    def test_the_writer_sleeps_while_nothing_is_emitted(self):
        program = """
emit('x', 1)
flush()
[writer] = set(os.listdir('/proc/self/task')) - {str(os.getpid())}
def switches():
    with open('/proc/self/task/%s/status' % writer) as status:
        return [line for line in status if 'ctxt' in line]
time.sleep(0.3)
before = switches()
time.sleep(0.5)
assert switches() == before, (before, switches())
"""
        self.emitted(program)

    def test_the_caller_writes_where_no_thread_can_be_started(self):
        program = """
import benchmarkai._outlet as outlet
def refuse(*_): raise RuntimeError("can't start new thread")
outlet.start_new_thread = refuse
for k in range(10): emit('x', k)
assert stats() == {'written': 10, 'buffered': 0, 'dropped': 0}, stats()
"""
        self.emitted(program)


    def test_threads_that_go_on_emitting_do_not_keep_the_process_from_its_end(self):
        # They stop after the library's exit handler only, which runs before those that are registered earlier.
        program = """
import atexit, benchmarkai, threading
done = False
def work():
    k = 0
    while not done:
        emit('x', k)
        emit('bad', None)
        progress(k, k + 1)
        k += 1
def stop():
    global done
    done = True
    for thread in threads: thread.join()
atexit.unregister(benchmarkai._process_outlet.finish)
atexit.register(stop)
atexit.register(benchmarkai._process_outlet.finish)
threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
for thread in threads: thread.start()
time.sleep(0.05)
"""
        for target in (self.path, "stdout", "/dev/full", os.path.join(self.folder, "missing", "file")):
            _, err = self.run_program(program, BAI_METRICS=target)
            self.assertRegex(err, r"^benchmarkai: [^\n]+\n$")

    def test_the_writer_has_ended_when_the_interpreter_is_taken_down(self):
        program = """
import atexit, benchmarkai
def look():
    end = time.monotonic() + 10
    while time.monotonic() < end and len(os.listdir('/proc/self/task')) > 1: time.sleep(0.001)
    print(len(os.listdir('/proc/self/task')))
atexit.unregister(benchmarkai._process_outlet.finish)
atexit.register(look)
atexit.register(benchmarkai._process_outlet.finish)
emit('x', 1)
assert len(os.listdir('/proc/self/task')) == 2
"""
        for _ in range(5):
            out, _ = self.run_program(program)
            self.assertEqual(out, "1\n")


class ForkTests(ProgramTest):
    def test_parent_and_child_write_what_they_emitted_once(self):
        program = """
emit('x', 0)
child = os.fork()
emit('x', 1 if child else 2)
if child: os.waitpid(child, 0)
"""
        self.run_program(program)
        self.assertEqual(sorted(self.values("x")), [0, 1, 2])

    def test_forks_in_the_middle_of_writing_lose_and_double_nothing(self):
        # One thread keeps the writer busy while another forks, so that many forks find it at work.
        program = """
import threading
done = False
emitted = 0
def work():
    global emitted
    while not done:
        for _ in range(50):
            emit('x', emitted)
            emitted += 1
        time.sleep(0.0005)
worker = threading.Thread(target=work)
worker.start()
for number in range(60):
    child = os.fork()
    if not child:
        emit('y', number)
        emit('y', number + 1000)
        os._exit(0 if flush(5) else 1)
    assert os.waitpid(child, 0)[1] == 0, 'the child could not write'
done = True
worker.join()
emit('count', emitted)
"""
        self.run_program(program)
        [count] = self.values("count")
        self.assertEqual(self.values("x"), list(range(count)))
        self.assertEqual(sorted(self.values("y")), list(range(60)) + list(range(1000, 1060)))

    def test_a_fork_with_a_stuck_writer_goes_on(self):
        path = os.path.join(self.folder, "fifo")
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        program = """
for k in range(5000): emit('x', k)
child = os.fork()
if not child:
    assert stats() == {'written': 0, 'buffered': 0, 'dropped': 0}, stats()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
os._exit(0)
"""
        self.run_program(program, BAI_METRICS=path)

    def test_a_daemon_loses_nothing_of_what_its_parent_emitted(self):
        program = """
emit('x', 1)
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.closerange(3, 100)
emit('x', 2)
"""
        self.run_program(program)
        self.eventually(lambda: self.values("x") == [1, 2], "the daemon has written")

    def test_workers_of_multiprocessing_write_before_they_end(self):
        program = """
import multiprocessing
def work(number):
    emit('x', number)
    return number
if __name__ == '__main__':
    context = multiprocessing.get_context('fork')
    workers = [context.Process(target=work, args=(number,)) for number in range(4)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    with context.Pool(2) as pool:
        pool.map(work, range(4, 20))
        pool.close()
        pool.join()
"""
        self.run_program(program)
        self.assertEqual(sorted(self.values("x")), list(range(20)))


class EndTests(ProgramTest):
    def test_an_exception_does_not_lose_what_was_emitted(self):
        self.run_program("emit('x', 1); raise SystemExit(3)", status=3)
        self.run_program("emit('x', 2); 1 / 0", status=1)
        self.assertEqual(self.values("x"), [1, 2])

    def test_flush_comes_before_an_end_without_handlers(self):
        self.run_program("emit('x', 1); assert flush(); os._exit(0)")
        self.assertEqual(self.values("x"), [1])

    def test_what_is_emitted_by_exit_handlers_is_written(self):
        # The first handler was registered before the library's, so it runs after it.
        program = """
import atexit, subprocess
def last(): emit('x', 2)
code = '''
import atexit
def last():
    from benchmarkai import emit
    emit('x', 2)
atexit.register(last)
from benchmarkai import emit
import atexit
atexit.register(lambda: emit('x', 1))
%s
'''
for first in ("emit('x', 0)", ""):
    subprocess.run([sys.executable, '-S', '-c', code % first], check=True)
"""
        self.run_program(program)
        self.assertEqual(self.values("x"), [0, 1, 2, 1, 2])

    def test_a_first_sample_in_the_last_handler_is_written(self):
        program = """
import subprocess
code = '''
import atexit
atexit.register(lambda: __import__('benchmarkai').emit('x', 1))
import benchmarkai
'''
subprocess.run([sys.executable, '-S', '-c', code], check=True)
"""
        self.run_program(program)
        self.assertEqual(self.values("x"), [1])

    def test_emitting_while_the_interpreter_is_taken_down_is_quiet(self):
        program = """
class Last:
    def __del__(self, emit=emit): emit('x', 1)
last = Last()
emit('x', 0)
"""
        _, err = self.run_program(program)
        self.assertEqual(err, "")

    def test_a_kill_leaves_whole_lines_and_loses_only_the_last_moment(self):
        process = self.start("k = 0\nwhile True:\n  emit('x', k)\n  k += 1\n  time.sleep(0.0001)")
        self.eventually(lambda: os.path.exists(self.path) and os.path.getsize(self.path) > 20000, "it writes")
        process.send_signal(signal.SIGKILL)
        process.wait()
        values = self.values("x")
        self.assertEqual(values, list(range(len(values))))


class SignalTests(ProgramTest):
    def test_a_handler_may_emit_at_any_moment(self):
        program = """
import itertools, signal
following = itertools.count(1).__next__  # a tick may interrupt a tick
def tick(*_):
    emit('tick', following())
    emit('wrong', None)
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for k in range(20000):
    emit('x', k)
    if k % 500 == 0: flush()
signal.setitimer(signal.ITIMER_REAL, 0)
time.sleep(0.01)
ticks = following() - 1
emit('ticks', ticks)
assert stats()['dropped'] == ticks, (stats(), ticks)
"""
        _, err = self.run_program(program)
        [ticks] = self.values("ticks")
        self.assertGreater(ticks, 0)
        self.assertEqual(sorted(self.values("tick")), list(range(1, ticks + 1)))
        self.assertEqual(self.values("x"), list(range(20000)))

    def test_the_writer_takes_no_signal_that_the_benchmark_blocked(self):
        program = """
import signal
emit('x', 1)
flush()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
os.kill(os.getpid(), signal.SIGUSR1)
time.sleep(0.05)
assert signal.sigwait({signal.SIGUSR1}) == signal.SIGUSR1
"""
        self.emitted(program)

    def test_an_interrupt_reaches_the_benchmark(self):
        process = self.start(
            """
try:
    while True:
        emit('x', 1)
        if flush(): print('up', flush=True)
except KeyboardInterrupt:
    os._exit(7)
"""
        )
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        self.assertEqual(process.returncode, 7)


if __name__ == "__main__":
    unittest.main()
