"""Measures what emit() and its import cost, beside a bare list.append and an empty Python, in the same run.

    python3 client-lib/python/bench/emit_bench.py [--json]

Every call is timed by itself; the row `list.append` is timed in the same way, so it is mostly the clock's own cost.
Calls come in bursts that fit the buffer, with a flush between them: dropping would be faster than buffering.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from time import monotonic, perf_counter_ns, sleep

LIBRARY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BURST = 1000  # calls between flushes
BURSTS = 50
SPARSE_CALLS = 100
SPARSE_PAUSE = 0.01  # seconds
STARTS = 15  # processes for each import figure
OVERLOAD_SECONDS = 0.5

# What the figures of each name are of.
ROWS = {
    "append": "list.append",
    "emit_value": 'emit("latency", 12.3, unit="ms")',
    "emit_mapping": 'emit({"loss": 0.1}, step=3)',
    "emit_labels": 'emit("latency", 12.3, labels=...)',
    "append_sparse": "list.append every 10 ms",
    "emit_sparse": "emit every 10 ms",
    "overload": "nothing but emit",
    "import": "python3 -c ...",
}


def timed_calls(call, calls):
    """The duration of each call, in nanoseconds."""
    durations = []
    for _ in range(calls):
        start = perf_counter_ns()
        call()
        durations.append(perf_counter_ns() - start)
    return durations


def bursts(call, between):
    durations = []
    for _ in range(BURSTS):
        durations += timed_calls(call, BURST)
        between()
    return durations


def sparse(call):
    """Durations of calls that each come after a pause, as those of a real benchmark do."""
    durations = []
    for _ in range(SPARSE_CALLS):
        sleep(SPARSE_PAUSE)
        durations += timed_calls(call, 1)
    return durations


def percentiles(durations):
    """The median and the 99th percentile, in microseconds."""
    cuts = statistics.quantiles(durations, n=100)
    return {"p50_us": round(cuts[49] / 1000, 3), "p99_us": round(cuts[98] / 1000, 3)}


def overload(benchmarkai):
    """Samples a second that reach the file while one thread does nothing but emit."""
    before = benchmarkai.stats()
    end = monotonic() + OVERLOAD_SECONDS
    while monotonic() < end:
        for _ in range(100):
            benchmarkai.emit("x", 1.5)
    benchmarkai.flush(10)
    after = benchmarkai.stats()
    return {
        "written_per_second": round((after["written"] - before["written"]) / OVERLOAD_SECONDS),
        "dropped_per_second": round((after["dropped"] - before["dropped"]) / OVERLOAD_SECONDS),
    }


def import_cost():
    """Median milliseconds from spawning Python to its end, without and with the import, by turns."""
    programs = {"pass_ms": "pass", "import_ms": "import benchmarkai"}
    durations = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as cache:
        environment = dict(os.environ, PYTHONPATH=LIBRARY, PYTHONPYCACHEPREFIX=cache, PYTHONDONTWRITEBYTECODE="")
        subprocess.run([sys.executable, "-c", programs["import_ms"]], env=environment, check=True)  # compiles it
        for _ in range(STARTS):
            for name, program in programs.items():
                start = perf_counter_ns()
                subprocess.run([sys.executable, "-c", program], env=environment, check=True)
                durations[name].append((perf_counter_ns() - start) / 1e6)
    result = {name: round(statistics.median(values), 2) for name, values in durations.items()}
    result["difference_ms"] = round(result["import_ms"] - result["pass_ms"], 2)
    return result


def measure():
    """All figures, by name."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BAI_METRICS"] = os.path.join(folder, "metrics.jsonl")
        sys.path.insert(0, LIBRARY)
        import benchmarkai

        emit, flush = benchmarkai.emit, benchmarkai.flush
        sink = []
        labels = {"k": "v"}
        calls = {
            "emit_value": lambda: emit("latency", 12.3, unit="ms"),
            "emit_mapping": lambda: emit({"loss": 0.1}, step=3),
            "emit_labels": lambda: emit("latency", 12.3, labels=labels),
        }
        result = {"append": percentiles(bursts(lambda: sink.append(12.3), sink.clear))}
        for name, call in calls.items():
            result[name] = percentiles(bursts(call, flush))
        result["append_sparse"] = percentiles(sparse(lambda: sink.append(12.3)))
        result["emit_sparse"] = percentiles(sparse(lambda: emit("latency", 12.3)))
        if benchmarkai.stats()["dropped"]:
            sys.exit("emit_bench: samples were dropped, the figures mean nothing: %s" % benchmarkai.stats())
        result["overload"] = overload(benchmarkai)
        sys.stderr = open(os.devnull, "w")  # the overload's dropped samples are told at exit, and are no news
    result["import"] = import_cost()
    return result


def main():
    parser = argparse.ArgumentParser(description="What emit() and its import cost.")
    parser.add_argument("--json", action="store_true", help="one JSON line on stdout")
    arguments = parser.parse_args()
    result = measure()
    if arguments.json:
        print(json.dumps(result))
        return
    for name, figures in result.items():
        print("%-36s %s" % (ROWS[name], "   ".join("%s %s" % pair for pair in figures.items())))


if __name__ == "__main__":
    main()
