"""Report what a benchmark measures.

    from benchmarkai import emit, progress, timer

    emit({"loss": 0.31, "accuracy": 0.94}, step=3)
    emit("latency", 12.3, unit="ms")
    with timer("epoch"):                    # emits seconds
        train()
    progress(3, 10, "epoch 3 of 10")

A call costs about a microsecond: it checks its arguments and appends to a bounded buffer. A thread writes the buffer
out as JSON lines about 50 ms later, and the rest is written at exit. Nothing here raises or waits: what cannot be taken
is dropped and counted, and the count is the last line written. `BAI_STRICT=1` raises on wrong use instead.

Where the lines go is the environment's choice, read at the first call: `BAI_METRICS` names a file, a FIFO or `stdout`;
without it Benchmark AI's `BENCHMARK_AI=stdout|fifo` is honoured, in its own line format. With neither set, calls do
nothing.

A process that ends without Python's exit handlers (`os._exit`, a signal) loses what its last 50 ms emitted, unless it
calls `flush()` first.
"""

from __future__ import annotations

import atexit
import os
from functools import wraps
from time import perf_counter, time

from ._checks import finite, labels_of, samples_of, step_of, units_of
from ._outlet import Outlet

TYPE_CHECKING = False  # typing costs milliseconds to import, and only checkers need it
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, TypeVar, Union

    from ._checks import Sample

    Function = TypeVar("Function", bound=Callable[..., Any])

__all__ = ["emit", "flush", "progress", "stats", "timer"]
__version__ = "0.1.0"

_MESSAGE_LIMIT = 200  # characters of a progress message
_CO_COROUTINE = 0x80  # inspect.CO_COROUTINE, without importing inspect, which takes longer than all of this


def emit(
    metrics: Union[Mapping[str, Any], str],
    value: Any = None,
    *,
    unit: Union[str, Mapping[str, str], None] = None,
    step: Optional[int] = None,
    labels: Optional[Mapping[str, Any]] = None,
) -> None:
    """Reports metrics measured now: `emit({"loss": 0.1}, step=3)`, or one: `emit("latency", 12.3, unit="ms")`.

    A value is anything float() takes; booleans count as 0 and 1, NaN and infinities are kept. `unit` is one text
    for all, or a mapping from names to texts. `step` is the iteration that was measured. `labels` say which variant
    was: samples with different labels belong to different series.

    Never raises and never waits; what is not a number is dropped and counted. With BAI_STRICT=1 wrong use raises
    TypeError or ValueError.
    """
    samples: Sequence[Sample] = ()
    try:
        if type(value) is float and type(metrics) is str and metrics:
            samples = ((metrics, value),)
        else:
            samples = samples_of(metrics, value, _process_outlet.refuse)
        if unit is not None and type(unit) is not str:
            unit = units_of(unit)
        if step is not None and type(step) is not int:
            step = step_of(step)
        if labels is not None:
            labels = labels_of(labels)
        _process_outlet.put((time(), samples, unit, step, labels))
    except Exception as error:
        _process_outlet.refuse(error, len(samples) or 1)


def progress(done: float, total: Optional[float] = None, message: str = "") -> None:
    """Says how far the benchmark is: `progress(3, 10, "epoch 3 of 10")`, in units of its own choice.

    Only the latest is written each time, so calling it in every iteration is fine.
    """
    try:
        done = finite("done", done)
        total = None if total is None else finite("total", total)
        _process_outlet.put_progress((time(), done, total, str(message)[:_MESSAGE_LIMIT]))
    except Exception as error:
        _process_outlet.refuse(error, 0)


class timer:
    """Emits how many seconds something took, as a context manager or a decorator (plain and async functions).

        with timer("load", labels={"source": "disk"}) as load:
            ...
        print(load.seconds)

        @timer("train")
        def train(): ...

    What raises is not emitted: the time until a failure is not a measurement of the work.
    """

    def __init__(
        self, name: str, *, step: Optional[int] = None, labels: Optional[Mapping[str, Any]] = None
    ) -> None:
        self._name = name
        self._step = step
        self._labels = labels
        self._starts: List[float] = []  # a stack, so that one timer can be entered again inside itself
        self.seconds: Optional[float] = None
        """What the last block took; None before."""

    def __enter__(self) -> timer:
        self._starts.append(perf_counter())
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.seconds = perf_counter() - self._starts.pop()
        if kind is None:
            emit(self._name, self.seconds, unit="s", step=self._step, labels=self._labels)

    def __call__(self, function: Function) -> Function:
        # A timer for each call: calls may overlap in several threads or tasks.
        name, step, labels = self._name, self._step, self._labels

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with timer(name, step=step, labels=labels):
                return function(*args, **kwargs)

        @wraps(function)
        async def timed_coroutine(*args: Any, **kwargs: Any) -> Any:
            with timer(name, step=step, labels=labels):
                return await function(*args, **kwargs)

        flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
        wrapped: Any = timed_coroutine if flags & _CO_COROUTINE else timed
        return wrapped  # type: ignore[no-any-return]


def flush(timeout: float = 1.0) -> bool:
    """Waits, at most `timeout` seconds, until all that was emitted is written; says whether it is.

    Only needed before the process ends without Python's exit handlers, by `os._exit` or a signal.
    """
    try:
        return _process_outlet.flush(timeout)
    except Exception as error:
        _process_outlet.refuse(error, 0)
        return False


def stats() -> Dict[str, int]:
    """How many samples this process has `written` and `dropped`, and how many are `buffered` still."""
    return _process_outlet.stats()


_process_outlet = Outlet()
atexit.register(_process_outlet.finish)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_process_outlet.before_fork,
        after_in_parent=_process_outlet.after_fork_in_parent,
        after_in_child=_process_outlet.after_fork_in_child,
    )
