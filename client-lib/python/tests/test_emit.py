"""What emit(), timer() and progress() write for what they are given."""

import time
import unittest

from support import ProgramTest

WRONG_USES = [
    "emit(5)",
    "emit(None)",
    "emit('loss')",
    "emit('loss', None)",
    "emit('loss', 'high')",
    "emit('loss', [1, 2])",
    "emit('loss', 1j)",
    "emit('loss', 10**400)",
    "emit('', 1)",
    "emit({1: 1.0})",
    "emit({'loss': None})",
    "emit({'loss': 0.1}, 3)",
    "emit('loss', 1, unit=5)",
    "emit('loss', 1, unit={'loss': 5})",
    "emit('loss', 1, step='three')",
    "emit('loss', 1, step=1.5)",
    "emit('loss', 1, labels='fast')",
    "emit('loss', 1, labels={'k': None})",
    "emit('loss', Evil())",
]
EVIL = """
class Evil:
    def __float__(self):
        raise RuntimeError("no number today")
"""


class EmitTests(ProgramTest):
    def test_a_mapping_becomes_one_line(self):
        before = time.time()
        [line] = self.emitted("emit({'loss': 0.1, 'count': 7}, step=3)")
        self.assertTrue(before - 1 < line.pop("time") < time.time() + 1)
        self.assertEqual(line, {"bai": 1, "metrics": {"loss": 0.1, "count": 7}, "step": 3})

    def test_a_name_with_a_value_carries_unit_and_labels(self):
        [line] = self.emitted("emit('latency', 12.3, unit='ms', labels={'size': 4, 'kind': 'cold'})")
        line.pop("time")
        self.assertEqual(
            line,
            {
                "bai": 1,
                "metrics": {"latency": 12.3},
                "units": {"latency": "ms"},
                "labels": {"size": "4", "kind": "cold"},
            },
        )

    def test_units_may_differ_by_metric(self):
        [line] = self.emitted("emit({'a': 1, 'b': 2, 'c': 3}, unit={'a': 's', 'b': 'B', 'x': 'm'})")
        self.assertEqual(line["units"], {"a": "s", "b": "B"})

    def test_all_kinds_of_numbers_are_taken(self):
        program = """
from decimal import Decimal
from fractions import Fraction
class Scalar:
    def __float__(self): return 2.5
class Double(float): pass
emit({'bool': True, 'no': False, 'scalar': Scalar(), 'double': Double(1.5), 'decimal': Decimal('0.25'),
      'fraction': Fraction(1, 8), 'text': '4.5', 'big': 2**60, 'small': 5e-324, 'negative': -0.0})
"""
        [line] = self.emitted(program)
        self.assertEqual(
            line["metrics"],
            {
                "bool": 1,
                "no": 0,
                "scalar": 2.5,
                "double": 1.5,
                "decimal": 0.25,
                "fraction": 0.125,
                "text": 4.5,
                "big": float(2**60),
                "small": 5e-324,
                "negative": -0.0,
            },
        )

    def test_a_number_that_json_lacks_travels_as_text(self):
        [line] = self.emitted("emit({'a': float('nan'), 'b': float('inf'), 'c': -float('inf')})")
        self.assertEqual(line["metrics"], {"a": "NaN", "b": "Infinity", "c": "-Infinity"})

    def test_a_float_arrives_bit_by_bit(self):
        lines = self.emitted("for k in range(200): emit('x', 1 / (k + 3) ** k)")
        self.assertEqual([line["metrics"]["x"] for line in lines], [1 / (k + 3) ** k for k in range(200)])

    def test_names_with_any_characters_arrive(self):
        names = ['a"b', "back\\slash", "new\nline", "tab\t\x00\x7f", "größe", "日本", "\U0001f600", "\u2028", " "]
        [line] = self.emitted("emit({name: 1 for name in %r}, unit='µs')" % names)
        self.assertEqual(list(line["metrics"]), names)
        self.assertEqual(set(line["units"].values()), {"µs"})

    def test_half_of_a_surrogate_pair_does_not_break_the_line(self):
        [line] = self.emitted("emit('bad\\ud800', 1)")
        self.assertEqual(line["metrics"], {"bad\ufffd": 1})

    def test_what_the_caller_changes_afterwards_is_written_as_it_was(self):
        program = """
metrics, labels, units = {'x': 1}, {'k': 'v'}, {'x': 's'}
emit(metrics, labels=labels, unit=units)
metrics['x'] = 2; labels['k'] = 'w'; units['x'] = 'ms'
"""
        [line] = self.emitted(program)
        self.assertEqual((line["metrics"], line["labels"], line["units"]), ({"x": 1}, {"k": "v"}, {"x": "s"}))

    def test_a_large_mapping_becomes_lines_that_a_fifo_takes_whole(self):
        lines = self.emitted("emit({'m%d' % k + 'x' * 300: k for k in range(100)}, step=1, labels={'k': 'v'})")
        with open(self.path) as file:
            self.assertLessEqual(max(map(len, file)), 4096)
        self.assertEqual({name.rstrip("x"): value for line in lines for name, value in line["metrics"].items()},
                         {"m%d" % k: k for k in range(100)})
        self.assertEqual({(line["step"], line["labels"]["k"]) for line in lines}, {(1, "v")})
        self.assertEqual(len({line["time"] for line in lines}), 1)

    def test_what_cannot_be_taken_is_counted_and_the_rest_kept(self):
        out, err = self.run_program("emit({'good': 1, 'bad': None, 'worse': 'high'}); emit('n' * 5000, 1); print(stats())")
        self.assertEqual(self.values("good"), [1])
        self.assertEqual(self.lines()[-1]["dropped"], 3)
        self.assertIn("'dropped': 2", out)  # the long name is found out when it is written
        self.assertEqual(
            err,
            "benchmarkai: 3 samples were dropped; the first because: "
            "emit(): the value of 'bad' must be a number, not NoneType\n",
        )

    def test_no_use_is_so_wrong_that_it_raises(self):
        self.run_program(EVIL + "\n".join(WRONG_USES))
        [line] = self.lines()
        self.assertEqual(line["dropped"], len(WRONG_USES))

    def test_strictness_raises_on_every_wrong_use(self):
        program = EVIL + "wrong = %r" % WRONG_USES + """
for use in wrong:
    try:
        eval(use)
    except (TypeError, ValueError):
        continue
    print(use)
"""
        out, _ = self.run_program(program, BAI_STRICT="1")
        self.assertEqual(out, "", "did not raise")

    def test_an_empty_mapping_is_only_wrong_where_strict(self):
        self.assertEqual(self.emitted("emit({}); emit('x', 1)")[0]["metrics"], {"x": 1})
        self.run_program("emit({})", status=1, BAI_STRICT="1")

    def test_strictness_can_be_turned_off_explicitly(self):
        self.run_program("emit(5)", BAI_STRICT="0")

    def test_stats_count_samples(self):
        out, _ = self.run_program("emit({'a': 1, 'b': 2}); print(stats()); flush(); print(stats())")
        self.assertEqual(
            out,
            "{'written': 0, 'buffered': 2, 'dropped': 0}\n{'written': 2, 'buffered': 0, 'dropped': 0}\n",
        )

    def test_nothing_happens_with_nothing_around(self):
        program = """
emit({'loss': 0.1}); emit('bad', None); progress(1, 2)
with timer('t'): pass
assert flush() and stats()['buffered'] == 0
assert len(os.listdir('/proc/self/task')) == 1, 'a thread was started'
print(os.listdir('.'))
"""
        out, err = self.run_program("os.chdir(%r)\n" % self.folder + program, BAI_METRICS=None)
        self.assertEqual((out, err), ("[]\n", ""))

    def test_nothing_around_does_not_hide_wrong_use_where_strict(self):
        self.run_program("emit('bad', None)", status=1, BAI_METRICS=None, BAI_STRICT="1")


class TimerTests(ProgramTest):
    def test_a_block_is_timed_in_seconds(self):
        [line] = self.emitted("with timer('t', step=1, labels={'k': 'v'}) as t: time.sleep(0.01)\nassert t.seconds >= 0.01")
        self.assertGreaterEqual(line["metrics"]["t"], 0.01)
        self.assertEqual((line["units"], line["step"], line["labels"]), ({"t": "s"}, 1, {"k": "v"}))

    def test_functions_are_timed_with_their_name_and_result_kept(self):
        program = """
@timer('t')
def fib(n):
    "Doc."
    return n if n < 2 else fib(n - 1) + fib(n - 2)
assert fib(4) == 3 and fib.__name__ == 'fib' and fib.__doc__ == 'Doc.'
"""
        self.assertEqual(len(self.emitted(program)), 9)

    def test_an_async_function_is_timed_to_its_end(self):
        program = """
import asyncio
@timer('t')
async def work():
    await asyncio.sleep(0.01)
    return 5
async def main():
    assert await asyncio.gather(work(), work()) == [5, 5]
asyncio.run(main())
"""
        lines = self.emitted(program)
        self.assertEqual(len(lines), 2)
        self.assertGreaterEqual(min(line["metrics"]["t"] for line in lines), 0.009)

    def test_what_raises_is_not_measured(self):
        program = """
try:
    with timer('t'): raise KeyError('mine')
except KeyError as error:
    assert error.args == ('mine',)
emit('x', 1)
"""
        self.run_program(program)
        self.assertEqual(self.values("t"), [])

    def test_a_timer_may_be_entered_inside_itself(self):
        lines = self.emitted("t = timer('t')\nwith t:\n  with t: pass\n  time.sleep(0.01)")
        inner, outer = [line["metrics"]["t"] for line in lines]
        self.assertLess(inner, outer)


class ProgressTests(ProgramTest):
    def test_the_latest_progress_is_written(self):
        lines = self.emitted("for k in range(1000): progress(k + 1, 1000, 'step %d' % k)")
        self.assertLess(len(lines), 20)
        self.assertEqual(lines[-1]["progress"], {"done": 1000, "total": 1000, "message": "step 999"})
        self.assertIn("time", lines[-1])

    def test_total_and_message_are_optional(self):
        [line] = self.emitted("progress(0.5)")
        self.assertEqual(line["progress"], {"done": 0.5})

    def test_a_message_is_cut(self):
        [line] = self.emitted("progress(1, 2, 'x' * 5000)")
        self.assertEqual(len(line["progress"]["message"]), 200)

    def test_wrong_progress_raises_only_where_strict(self):
        self.run_program("progress('half'); progress(float('nan')); progress(1, [])")
        self.run_program("progress('half')", status=1, BAI_STRICT="1")


if __name__ == "__main__":
    unittest.main()
