"""Where lines go: stdout, a file or a FIFO."""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
from time import monotonic

from ._checks import is_strict
from ._lines import LINE_LIMIT

TYPE_CHECKING = False  # typing costs milliseconds to import, and only checkers need it
if TYPE_CHECKING:
    from typing import List, Optional, TextIO, Tuple, Union

    from ._lines import Line

    Sink = Union["StdoutSink", "PathSink"]

_CHUNK_LIMIT = 65536  # bytes in one write to a file
_FLUSH_INTERVAL = 0.05  # seconds between flushes of stdout
_EXIT_WAIT = 2.0  # seconds that leaving the process waits for the reader of a FIFO


class StdoutSink:
    """Python's own stdout, written in the caller's thread like a print().

    Through the same buffer as print(), or the lines would land inside printed ones; and not from another thread, which
    at exit could hold that buffer's lock and abort the interpreter.
    """

    inline = True
    retries = False  # what a failed write has left in stdout's buffer is unknown, and nothing may appear twice
    exit_wait = 0.0

    def __init__(self) -> None:
        self._flushed = 0.0

    def send(self, lines: List[Line]) -> int:
        """Writes all lines; raises what print() would: stdout closed, or entered again by a signal handler."""
        _stdout().write("".join([line.decode("ascii") for line, _ in lines]))
        if monotonic() - self._flushed > _FLUSH_INTERVAL:
            self.flush()
        return len(lines)

    def flush(self) -> None:
        """Hands on what stdout has buffered; before a fork too, or both processes would."""
        self._flushed = monotonic()
        _stdout().flush()

    def can_recover(self, error: Exception) -> bool:
        """Nothing is tried again."""
        return False


def _stdout() -> TextIO:
    """The process's own stdout, also where the benchmark replaced sys.stdout to catch what others print."""
    if sys.__stdout__ is None:
        raise OSError(errno.EBADF, "stdout is closed")
    return sys.__stdout__


class PathSink:
    """A file that any number of processes append whole lines to, or a FIFO that is never waited for."""

    inline = False
    retries = True

    def __init__(self, path: str, create: bool = True, open_wait: float = _EXIT_WAIT) -> None:
        self._path = os.path.abspath(path)  # the benchmark may change its folder
        self._create = create
        self._open_wait = open_wait  # seconds a late FIFO is waited for at exit
        self._descriptor: Optional[int] = None
        self._identity: Optional[Tuple[int, int]] = None
        self._chunk = LINE_LIMIT
        self._is_pipe = False
        self._torn = False

    @property
    def exit_wait(self) -> float:
        """Seconds that leaving the process may wait for this sink."""
        return self._open_wait if self._descriptor is None else _EXIT_WAIT

    def can_recover(self, error: Exception) -> bool:
        """Whether waiting may help: the FIFO is full, has no reader now, or (Benchmark AI's) is not made yet."""
        code = getattr(error, "errno", None)
        return code in (errno.EAGAIN, errno.EPIPE, errno.ENXIO) or code == errno.ENOENT and not self._create

    def flush(self) -> None:
        """Nothing is kept here."""

    def send(self, lines: List[Line]) -> int:
        """Appends the first lines with one write, says how many are whole; OSError when nothing can be written now."""
        descriptor = self._open()
        size = taken = 0
        for line, _ in lines:
            if taken and size + len(line) > self._chunk:
                break
            size += len(line)
            taken += 1
        # A line torn by a full disk is ended first: another process may have written after it.
        start = b"\n" if self._torn else b""
        data = start + b"".join([line for line, _ in lines[:taken]])
        written = _write_to_pipe(descriptor, data) if self._is_pipe else os.write(descriptor, data)
        return self._whole(lines[:taken], written - len(start))

    def _whole(self, lines: List[Line], written: int) -> int:
        """How many of the lines the written bytes hold. The rest of a torn one is written again as a whole."""
        done = 0
        for line, _ in lines:
            if written < len(line) - 1:
                break
            done += 1  # all but the newline is enough: a torn line's newline goes first in the next write
            written -= len(line)
        self._torn = written != 0
        return done

    def _open(self) -> int:
        """The descriptor; a new one when the benchmark closed it, and perhaps has another file under its number."""
        if self._descriptor is not None:
            try:
                if _identity(self._descriptor) == self._identity:
                    return self._descriptor
            except OSError:
                pass  # closed, for example by a daemon closing all it inherited
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)
        self._descriptor = os.open(self._path, flags | (os.O_CREAT if self._create else 0), 0o644)
        self._identity = _identity(self._descriptor)
        mode = os.fstat(self._descriptor).st_mode
        self._is_pipe = not stat.S_ISREG(mode)
        self._chunk = LINE_LIMIT if self._is_pipe else _CHUNK_LIMIT
        return self._descriptor


def _identity(descriptor: int) -> Tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _write_to_pipe(descriptor: int, data: bytes) -> int:
    """os.write, with EPIPE in place of SIGPIPE where the benchmark restored that signal's default, which is to die."""
    if signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN:
        return os.write(descriptor, data)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
    try:
        return os.write(descriptor, data)
    except BrokenPipeError:
        if signal.SIGPIPE not in before:
            signal.sigtimedwait({signal.SIGPIPE}, 0)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def destination() -> Tuple[Optional[Sink], bool]:
    """The sink that the environment asks for, and whether its lines are Benchmark AI's plain ones."""
    path = os.environ.get("BAI_METRICS", "")
    if path:
        return (StdoutSink() if path == "stdout" else PathSink(path)), False
    mode = os.environ.get("BENCHMARK_AI", "")
    if mode == "stdout":
        return StdoutSink(), True
    if mode == "fifo":
        fifo = os.environ.get("BENCHMARK_AI_FIFO_FILEPATH") or "/tmp/benchmark-ai/fifo"
        try:
            wait = float(os.environ.get("BENCHMARK_AI_FIFO_MAX_WAIT_TIME") or 10)
        except ValueError:
            wait = 10.0
        # Never created here: a plain file in its place would keep the real FIFO from being made.
        return PathSink(fifo, create=False, open_wait=wait), True
    if mode and is_strict():
        raise ValueError("BENCHMARK_AI must be stdout or fifo, not %r" % mode)
    return None, False
