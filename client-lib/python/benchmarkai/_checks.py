"""From what a benchmark hands over to what is buffered; wrong use is told by TypeError and ValueError."""

from __future__ import annotations

import os
from operator import index

TYPE_CHECKING = False  # typing costs milliseconds to import, and only checkers need it
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

    Sample = Tuple[str, Union[int, float]]
    Unit = Union[str, Dict[str, str], None]
    Labels = Optional[Dict[str, str]]
    Record = Tuple[float, Sequence[Sample], Unit, Optional[int], Labels]  # the float: seconds since 1970

_EXACT = 2**53  # integers beyond it are not exact in a double


def samples_of(metrics: Any, value: Any, refuse: Callable[[Exception, int], None]) -> Sequence[Sample]:
    """The good (name, number) pairs; each bad one is refused by itself."""
    if isinstance(metrics, str):
        return ((_name(metrics), _number(metrics, value)),)
    if value is not None:
        raise TypeError("emit() takes a value beside a name, not beside a mapping; did you mean step=%r?" % (value,))
    if not hasattr(metrics, "items"):
        raise TypeError(
            "emit() takes a mapping of names to numbers, or a name and a number, not %s" % type(metrics).__name__
        )
    samples: List[Sample] = []
    pairs = list(metrics.items())  # at once: another thread may be changing the mapping
    for name, number in pairs:
        if type(number) is float and type(name) is str and name:
            samples.append((name, number))
            continue
        try:
            samples.append((_name(name), _number(name, number)))
        except Exception as error:
            refuse(error, 1)
    if not pairs and is_strict():
        raise ValueError("emit() needs at least one metric, the mapping is empty")
    return samples


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError("emit(): the name of a metric must be a text, not %s" % type(name).__name__)
    if not name:
        raise ValueError("emit(): the name of a metric must not be empty")
    return name


def _number(name: str, value: Any) -> Union[int, float]:
    """A plain int or float, converted in the caller's thread: tensors change, and would be kept alive by the buffer."""
    kind = type(value)
    if kind is bool or kind is int and -_EXACT <= value <= _EXACT:
        return int(value)
    try:
        return float(value)
    except OverflowError:
        raise ValueError("emit(): the value of %r is too large for a double" % name) from None
    except Exception:
        raise TypeError("emit(): the value of %r must be a number, not %s" % (name, kind.__name__)) from None


def finite(name: str, value: Any) -> Union[int, float]:
    """The argument `name` of progress() as a number that can be shown."""
    number = _number(name, value)
    if number - number != 0:
        raise ValueError("progress(): %s must be finite, not %r" % (name, number))
    return number


def units_of(units: Any) -> Dict[str, str]:
    """A copy of the units by metric name."""
    if not hasattr(units, "items"):
        raise TypeError("emit(): unit must be a text or a mapping of names to texts, not %s" % type(units).__name__)
    checked = dict(units.items())
    for name, unit in checked.items():
        if not isinstance(unit, str):
            raise TypeError("emit(): the unit of %r must be a text, not %s" % (name, type(unit).__name__))
    return checked


def step_of(step: Any) -> int:
    """The step as a plain int, from any kind of integer."""
    try:
        return int(index(step))
    except TypeError:
        raise TypeError("emit(): step must be an integer, not %s" % type(step).__name__) from None


def labels_of(labels: Any) -> Dict[str, str]:
    """A copy with texts for values: the caller may change its own."""
    if not hasattr(labels, "items"):
        raise TypeError("emit(): labels must be a mapping of names to texts, not %s" % type(labels).__name__)
    checked = {}
    for key, value in list(labels.items()):
        if not isinstance(key, str) or not isinstance(value, (str, int, float)):
            raise TypeError("emit(): the label %r must be a text, not %s" % (key, type(value).__name__))
        checked[key] = str(value)
    return checked


def is_strict() -> bool:
    """Whether wrong use raises. Only asked when there was some."""
    return os.environ.get("BAI_STRICT", "0") not in ("", "0")
