"""Finds the changes of drawn histories with `baictl analyze` and with its peers, and prints how well each did.

    compare.py BAICTL [SEED ...]

Seeds below 1000 were looked at while the detector was made. Without a seed one is taken from the clock, and printed.
"""

import json
import subprocess
import sys
import tempfile
import time

import histories
import peers
import scoring


def ours(baictl, drawn):
    """The answers of `baictl analyze`, by id."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for history in drawn:
            file.write(json.dumps({key: history[key] for key in ["id", "values", "group"] if key in history}) + "\n")
        file.flush()
        output = subprocess.run([baictl, "analyze", "--replay", "--batch", file.name], check=True, capture_output=True, timeout=600)
    return {answer["id"]: answer for answer in map(json.loads, output.stdout.splitlines())}


def theirs(peer, drawn):
    """A peer's answers. Streams are fed to it run by run, as we are; a change is confirmed three runs after its place."""
    answers = {}
    for history in drawn:
        values = history["values"]
        answers[history["id"]] = answer = {"cps": peer(values)}
        if history["family"] == "stream" and peer in peers.FED:
            answer["alarms"], known = [], []
            for last in range(20, len(values)):
                for place in peer(values[: last + 1]):
                    if last - place >= 2 and all(abs(place - other) > 5 for other in known):
                        known.append(place)
                        answer["alarms"].append({"t": last, "index": place})
    return answers


def table(title, rows):
    """A column for each detector."""
    names = list(rows)
    width = max(len(figure) for figures in rows.values() for figure in figures) + 2
    print(f"\n{title:{width}}" + "".join(f"{name:>14}" for name in names))
    for figure in next(iter(rows.values())):
        cells = [rows[name].get(figure) for name in names]
        print(f"{figure:{width}}" + "".join(f"{'-' if cell is None else f'{cell:.3f}' if isinstance(cell, float) else cell:>14}" for cell in cells))


def milliseconds(function):
    """The median of five."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        function()
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)[2]


def main():
    baictl, seeds = sys.argv[1], [int(seed) for seed in sys.argv[2:]] or [1000 + int(time.time()) % 1_000_000]
    for seed in seeds:
        drawn = histories.draw(seed)
        figures, families = {}, {}
        for name, answers in [("ours", ours(baictl, drawn))] + [(name, theirs(peer, drawn)) for name, peer in peers.PEERS.items()]:
            figures[name], families[name] = scoring.score(drawn, answers)
        changes = sum(len(history["changes"]) for history in drawn)
        print(f"seed {seed}: {len(drawn)} histories with {changes} changes")
        table("", figures)
        table("F1 by family", families)
    random = histories.numpy.random.default_rng(1)
    times = {}
    for count in [1000, 10_000]:
        values = [float(value) for value in 100 + random.normal(size=count)]
        times[f"ms at n = {count}"] = {name: milliseconds(lambda: peer(values)) for name, peer in peers.PEERS.items() if count == 1000 or name == "Otava 0.8.0"}
    print("\nTime of the peers, one history, ms (ours: make bench ONLY=detection)")
    for what, by_name in times.items():
        print(f"  {what}: " + ", ".join(f"{name} {value:.1f}" for name, value in by_name.items()))


if __name__ == "__main__":
    main()
