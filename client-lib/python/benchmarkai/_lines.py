"""From records to lines: JSON, in ASCII, each within the size that a FIFO takes whole."""

from __future__ import annotations

TYPE_CHECKING = False  # typing costs milliseconds to import, and only checkers need it
if TYPE_CHECKING:
    from typing import List, Mapping, Optional, Tuple

    from ._checks import Record

    Line = Tuple[bytes, int]  # the text, and how many samples it carries

LINE_LIMIT = 4096  # bytes: Linux's PIPE_BUF, up to which a write to a FIFO is whole or not at all


def lines_of(record: Record, plain: bool) -> List[Line]:
    """The record as lines within the limit, halved while too long; ValueError where one metric alone is."""
    line = _encode(record, plain)
    samples = record[1]
    if len(line) <= LINE_LIMIT:
        return [(line, len(samples))]
    if len(samples) == 1:
        raise ValueError("emit(): the name, unit and labels of a metric must fit %d bytes" % LINE_LIMIT)
    half = len(samples) // 2
    now, _, unit, step, labels = record
    first: Record = (now, samples[:half], unit, step, labels)
    return lines_of(first, plain) + lines_of((now, samples[half:], unit, step, labels), plain)


def _encode(record: Record, plain: bool) -> bytes:
    """One line; a `plain` one is Benchmark AI's, which has names and numbers only."""
    now, samples, unit, step, labels = record
    if step is not None and not -(2**63) <= step < 2**63:
        raise ValueError("emit(): step must fit 64 bits")
    metrics = ",".join([_quote(name) + ":" + _literal(value) for name, value in samples])
    if plain:
        return ("{%s}\n" % metrics).encode("ascii")
    parts = ['{"bai":1,"metrics":{', metrics, "}"]
    if unit is not None:
        units = unit if isinstance(unit, dict) else {name: unit for name, _ in samples}
        parts.append(',"units":' + _table({name: units[name] for name, _ in samples if name in units}))
    if step is not None:
        parts.append(',"step":%d' % step)
    parts.append(',"time":%.6f' % now)
    if labels:
        parts.append(',"labels":' + _table(labels))
    parts.append("}\n")
    return "".join(parts).encode("ascii")


def progress_line(now: float, done: float, total: Optional[float], message: str) -> bytes:
    """The line that says how far a benchmark is; `now` is in seconds since 1970."""
    line = '{"bai":1,"progress":{"done":%s' % _literal(done)
    if total is not None:
        line += ',"total":' + _literal(total)
    if message:
        line += ',"message":' + _quote(message)
    return (line + '},"time":%.6f}\n' % now).encode("ascii")


def dropped_line(now: float, samples: int) -> bytes:
    """The line that says how many samples a process has lost."""
    return b'{"bai":1,"dropped":%d,"time":%.6f}\n' % (samples, now)


def _table(texts: Mapping[str, str]) -> str:
    return "{%s}" % ",".join([_quote(key) + ":" + _quote(text) for key, text in texts.items()])


def _literal(value: float) -> str:
    """A JSON number, or the text that stands for what JSON has no number for."""
    if value - value == 0:
        return repr(value)
    if value != value:
        return '"NaN"'
    return '"Infinity"' if value > 0 else '"-Infinity"'


def _quote(text: str) -> str:
    """A JSON string in ASCII. Without the json module, whose import costs more than all of this one."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return '"' + text + '"'
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    if character in '"\\':
        return "\\" + character
    if 0x20 <= code < 0x7F:
        return character
    if 0xD800 <= code < 0xE000:
        return "\\ufffd"  # half of a pair says nothing, and many readers refuse the whole line for it
    if code < 0x10000:
        return "\\u%04x" % code
    code -= 0x10000
    return "\\u%04x\\u%04x" % (0xD800 | code >> 10, 0xDC00 | code & 0x3FF)
