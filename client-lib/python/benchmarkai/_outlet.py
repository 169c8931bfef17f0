"""From emit() to the sink: a bounded buffer, and the thread that empties it."""

from __future__ import annotations

import signal
import sys
from _thread import allocate_lock, get_ident, start_new_thread
from collections import deque
from itertools import count
from time import monotonic, sleep, time

from ._checks import is_strict
from ._lines import dropped_line, lines_of, progress_line
from ._sinks import destination

TYPE_CHECKING = False  # typing costs milliseconds to import, and only checkers need it
if TYPE_CHECKING:
    from _thread import LockType
    from typing import Any, Deque, Dict, List, Optional, Sequence, Tuple

    from ._checks import Record
    from ._lines import Line
    from ._sinks import Sink

    Progress = Tuple[float, float, Optional[float], str]  # seconds since 1970, done, total, message

_BUFFER_LIMIT = 16384  # records: about 5 MB at the very most for records of one metric
_RECORD_LIMIT = 32  # metrics in a record; a larger mapping becomes several, so that the buffer stays bounded
_EARLY = 2048  # records at which the writer is woken before its interval is over
_NEVER = sys.maxsize
_INTERVAL = 0.05  # seconds between writes: what a killed process can lose
_BATCH = 512  # records encoded before each write
_LOCK_WAIT = 2.0  # seconds that a fork or the exit waits for a write in progress
_FULL = "the buffer was full: it holds %d records" % _BUFFER_LIMIT


class _Tally:
    """A counter that any thread or signal handler raises without a lock."""

    def __init__(self) -> None:
        self.add = count().__next__  # one call into C: nothing can come between reading and adding
        self._reads = count()

    def value(self) -> int:
        """How often `add` was called; reading takes one step itself, which is taken off."""
        return self.add() - next(self._reads)


class Outlet:
    """The buffer between emit() and the sink, and the thread that empties it.

    `put` takes no lock: appending to a deque is atomic, so it may run in any thread and in a signal handler. Everything
    is written under `_lock`, by whoever holds it. Only the writer's thread ever waits for a lock without a limit.
    """

    def __init__(self) -> None:
        self._sink: Optional[Sink] = None
        self._plain = False
        self._fork_owner: Optional[int] = None
        self._reset()

    def _reset(self) -> None:
        """The state of a process that has emitted nothing."""
        self._buffer: Deque[Record] = deque()
        self._progress: Deque[Progress] = deque(maxlen=1)
        self._pending: List[Line] = []  # encoded, not written
        self._written = 0
        self._dropped = _Tally()
        self._reported = -1  # of the dropped, how many the sink was told of; -1: not even that there are none
        self._reason = ""  # why the first was dropped
        self._error: Optional[Exception] = None  # why the last write failed
        self._lock = allocate_lock()
        self._started = allocate_lock()  # taken once, by the first call
        self._wake = allocate_lock()  # released to wake the writer
        self._wake.acquire()
        self._writer: Optional[LockType] = None  # held by the writer's thread while it lives
        self._wake_at = 0  # buffered records from which a call must rouse someone
        self._inline = False  # the caller writes
        self._is_finishing = False  # the exit writes: threads that go on emitting must not keep the lock from it

    # Taking.

    def put(self, record: Record) -> None:
        """Buffers a record, or drops it when the buffer is full. Never waits."""
        waiting = len(self._buffer)
        samples = record[1]
        if waiting >= _BUFFER_LIMIT:
            self._drop(len(samples), _FULL)
        elif len(samples) > _RECORD_LIMIT:
            self._put_parts(record)
        elif samples:
            self._buffer.append(record)
            if waiting >= self._wake_at or self._inline:
                self._rouse()

    def _put_parts(self, record: Record) -> None:
        now, samples, unit, step, labels = record
        for first in range(0, len(samples), _RECORD_LIMIT):
            self.put((now, samples[first : first + _RECORD_LIMIT], unit, step, labels))

    def put_progress(self, latest: Progress) -> None:
        """Keeps the latest progress until the next write."""
        self._progress.append(latest)
        if self._wake_at == 0 or self._inline:
            self._rouse()

    def refuse(self, error: Exception, samples: int) -> None:
        """Drops what was wrongly given; raises the error where the environment asks for strictness."""
        self._drop(samples, str(error))
        if is_strict():
            raise error
        if not self._started.locked():
            self._start()  # or a process that emits nothing good would not tell what it dropped

    def _drop(self, samples: int, reason: str) -> None:
        self._reason = self._reason or reason
        for _ in range(samples):
            self._dropped.add()

    def _rouse(self) -> None:
        """Somebody must write: the writer's thread, or the caller where there is none."""
        if not self._started.locked():
            self._start()
        elif not self._inline:
            self._wake_at = _NEVER  # once is enough
            self._ring()
        elif not self._is_finishing and self._lock.acquire(False):
            try:
                self._drain()
            finally:
                self._lock.release()

    def _ring(self) -> None:
        try:
            self._wake.release()
        except RuntimeError:
            pass  # released already: the writer is on its way

    # Starting.

    def _start(self) -> None:
        sink, plain = (self._sink, self._plain) if self._sink else destination()
        if not self._started.acquire(False):
            return  # another thread is doing it
        self._sink, self._plain = sink, plain
        if sink is None:
            self.put = self.put_progress = self._ignore  # type: ignore[assignment,method-assign]
            self._buffer.clear()
            self._progress.clear()
            return
        self._finish_with_multiprocessing()
        self._inline = self._inline or sink.inline or not self._start_writer()
        self._rouse()

    def _ignore(self, record: Any) -> None:
        """`put` where nobody listens."""

    def _start_writer(self) -> bool:
        # Signals are the benchmark's: the kernel may hand one to any thread that does not block it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        life = allocate_lock()
        life.acquire()
        try:
            start_new_thread(self._run, (life,))
            self._writer = life
            return True
        except RuntimeError:
            return False  # no thread to be had, or the interpreter is ending: the caller writes
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _finish_with_multiprocessing(self) -> None:
        """A forked worker of multiprocessing ends with os._exit, after exit handlers of its own kind."""
        process = sys.modules.get("multiprocessing.process")
        if process is not None and process.parent_process() is not None:
            from multiprocessing.util import Finalize

            Finalize(None, self.finish, exitpriority=-100)  # after the worker's own clean-up

    # Writing.

    def _run(self, life: LockType) -> None:
        """The writer's thread: asleep while nothing is emitted, so that it does not disturb what is measured."""
        try:
            is_idle = is_stuck = False
            while not self._inline:
                if is_idle:
                    self._sleep()
                self._wake_at = _NEVER if is_stuck else _EARLY
                self._wake.acquire(True, _INTERVAL)  # let a batch gather
                self._wake_at = _NEVER
                # Idle only after a whole interval without a call, or frequent calls would pay for waking it each time.
                is_idle = not self._is_waiting()
                with self._lock:
                    is_stuck = not self._drain()
        finally:
            life.release()

    def _sleep(self) -> None:
        self._wake_at = 0
        if not self._is_waiting():  # a call may have come before it could see the 0
            self._wake.acquire()

    def _is_waiting(self) -> bool:
        return bool(self._buffer or self._progress or self._pending)

    def _drain(self) -> bool:
        """Writes what is buffered now, under the lock; False, with `_error`, when the sink does not take it all."""
        backlog = len(self._buffer)
        if self._progress and not self._pending:
            self._encode_progress()
        while self._pending or backlog:
            if not self._pending:
                batch = min(backlog, _BATCH)
                self._encode(batch)
                backlog -= batch
            if self._pending and not self._send():
                return False
        return True

    def _encode(self, records: int) -> None:
        for _ in range(records):
            record = self._buffer.popleft()
            try:
                self._pending += lines_of(record, self._plain)
            except Exception as error:
                self._drop(len(record[1]), str(error))

    def _encode_progress(self) -> None:
        latest = self._progress.popleft()
        if not self._plain:  # Benchmark AI has no progress
            self._pending.append((progress_line(*latest), 0))

    def _send(self) -> bool:
        assert self._sink is not None
        try:
            done = self._sink.send(self._pending)
        except Exception as error:
            self._error = error
            if not self._sink.retries:
                self._give_up()
            return not self._pending
        self._written += _samples_in(self._pending[:done])
        del self._pending[:done]
        return True

    def _hand_on(self) -> bool:
        """Has the sink keep nothing back."""
        assert self._sink is not None
        try:
            self._sink.flush()
            return True
        except Exception as error:
            self._error = error
            return False

    def _give_up(self) -> None:
        """Drops what is encoded."""
        self._drop(_samples_in(self._pending), str(self._error or "there was no time to write them"))
        self._pending.clear()

    # Waiting and ending.

    def flush(self, timeout: float) -> bool:
        """Writes all there is, waiting at most `timeout` seconds, and only for what waiting may cure."""
        if self._sink is None:
            return True
        deadline = monotonic() + timeout
        while True:
            if self._lock.acquire(True, max(0.0, deadline - monotonic())):
                try:
                    if self._drain() and self._hand_on():
                        return True
                    if self._error is not None and not self._sink.can_recover(self._error):
                        return False
                finally:
                    self._lock.release()
            if monotonic() >= deadline:
                return False
            sleep(0.005)

    def finish(self) -> None:
        """At exit: writes the rest, then how many samples were lost. Later calls write at once."""
        self._inline = self._is_finishing = True
        try:
            if self._sink is not None and self._started.locked():
                self._end_writer()
                self._write_the_end(self._sink.exit_wait)
        except Exception:
            pass  # nobody is left to tell, and a traceback at exit would look like the benchmark's own
        finally:
            self._is_finishing = False

    def _end_writer(self) -> None:
        """Ends the thread: one that lives on while the interpreter is taken down can crash it, in Pythons before 3.13."""
        self._ring()
        if self._writer is not None and self._writer.acquire(True, _LOCK_WAIT):
            self._writer = None

    def _write_the_end(self, wait: float) -> None:
        is_flushed = self.flush(wait)
        if not self._lock.acquire(True, _LOCK_WAIT):
            self._tell("samples may be lost: the last write has not returned")
            return
        try:
            if not is_flushed:
                self._give_up()
                rest, self._buffer = self._buffer, deque()
                self._drop(sum([len(record[1]) for record in tuple(rest)]), "there was no time to write them")
            self._report()
        finally:
            self._lock.release()
        self.flush(wait if is_flushed else _INTERVAL)

    def _report(self) -> None:
        """The count of dropped samples as a last line; a second one would count what came after the first."""
        dropped = self._dropped.value()
        if dropped == self._reported:
            return
        lost = dropped - max(0, self._reported)
        self._reported = dropped
        if lost:
            self._tell("%d samples were dropped; the first because: %s" % (lost, self._reason))
        if not self._plain:
            self._pending.append((dropped_line(time(), lost), 0))

    def _tell(self, what: str) -> None:
        if sys.stderr is not None:
            sys.stderr.write("benchmarkai: %s\n" % what)

    def stats(self) -> Dict[str, int]:
        """See the function of the same name."""
        buffered = sum([len(record[1]) for record in tuple(self._buffer)]) + _samples_in(tuple(self._pending))
        return {"written": self._written, "buffered": buffered, "dropped": self._dropped.value()}

    # Forking.

    def before_fork(self) -> None:
        """Stops the writer, and writes all there is: a parent that ends with os._exit, as daemons do, loses nothing."""
        if self._sink is None or not self._lock.acquire(True, _LOCK_WAIT):
            return
        self._fork_owner = get_ident()
        self._drain()
        self._hand_on()

    def after_fork_in_parent(self) -> None:
        """Lets the writer go on."""
        if self._fork_owner == get_ident():
            self._fork_owner = None
            self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begins anew: the child has no writer, and its copies of the parent's records are not its to write."""
        self._fork_owner = None
        self._reset()


def _samples_in(lines: Sequence[Line]) -> int:
    return sum([samples for _, samples in lines])
