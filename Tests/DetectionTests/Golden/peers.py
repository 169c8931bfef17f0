"""Makes peers.json: the change points that the peers themselves find in 48 histories.

    python3 -m venv VENV && VENV/bin/pip install apache-otava==0.8.0 signal-processing-algorithms==2.1.6
    VENV/bin/python peers.py > peers.json

Otava's and MongoDB's are the answers of their own packages. Perfherder is in no registry: `perfherder` below follows the formulas of its
documentation with NumPy, one push at a time, and shares nothing with the Swift code.
"""
import json

import numpy as np
from otava.analysis import compute_change_points
from signal_processing_algorithms.energy_statistics import energy_statistics

# How many seeds MongoDB's permutations are drawn with: a history whose answer depends on the seed proves nothing.
SEEDS = 40


def histories():
    rng = np.random.default_rng(20251121)
    noises = [
        lambda n: rng.normal(0, 1, n),
        lambda n: rng.standard_t(3, n),
        lambda n: rng.exponential(1, n),
        lambda n: rng.normal(0, 1, n) + 4 * (rng.random(n) < 0.3),
    ]
    for number in range(40):
        n = int(rng.choice([12, 30, 50, 51, 80, 120, 200]))
        values = 100 + noises[number % 4](n)
        for _ in range(int(rng.integers(0, 4))):
            values[int(rng.integers(2, n - 1)):] += rng.choice([-6, -3, 2, 4, 9])
        yield f"noise {number}", np.round(values, 3)
    yield "constant", np.full(60, 0.1)
    yield "constant that moves", np.array([31000.0] * 25 + [31031.0] * 25)
    yield "clock", np.round(40 + 8 * (np.arange(90) >= 50) + rng.normal(0, 0.4, 90))
    yield "spike", 100 + np.round(rng.normal(0, 1, 70), 3) + 40 * (np.arange(70) == 33)
    yield "drift", np.round(100 + 0.1 * np.arange(100) + rng.normal(0, 1, 100), 3)
    yield "around zero", np.round(rng.normal(0, 1, 110) + 3 * (np.arange(110) >= 60), 3)
    yield "negative", np.round(-50 + rng.normal(0, 1, 90) - 8 * (np.arange(90) >= 40), 3)
    yield "alternating", np.array([1.0, 2.0] * 40)


def otava(values, **options):
    """Otava's places. The levels are those of the final stretches: its own may be stale, since it does not test every neighbour anew."""
    found, _ = compute_change_points(list(values), **options)
    places = [int(c.index) for c in found]
    edges = [0, *places, len(values)]
    means = [float(np.mean(values[a:b])) for a, b in zip(edges, edges[1:])]
    return [{"index": p, "before": means[i], "after": means[i + 1]} for i, p in enumerate(places)]


def mongodb(values):
    """The change points for each seed, or None where the seeds disagree."""
    answers = []
    for seed in range(SEEDS):
        np.random.seed(seed)
        answers.append(sorted(int(i) for i in energy_statistics.e_divisive(list(values), pvalue=0.05, permutations=100)))
    return answers[0] if all(a == answers[0] for a in answers) else None


def statistic(values):
    """MongoDB's own statistic at each place."""
    series = energy_statistics._get_valid_input(list(values))
    return energy_statistics._calculate_t_stats(energy_statistics._get_distance_matrix(series), False).tolist()


def perfherder(values, least=12, most=24, fore=12, t_limit=7.0, change=0.02):
    n = len(values)
    t = np.zeros(n)
    sizes = [(0, 0)] * n
    quiet = 0
    for i in range(1, n):
        back = min(min(max(quiet, least), most), i)
        left, right = values[i - back:i][::-1], values[i:i + fore]
        means, errors = [], []
        for side in (left, right):
            weights = 1 - np.arange(len(side)) / len(side)
            mean = np.average(side, weights=weights)
            means.append(mean)
            errors.append(np.sum((side - mean) ** 2) / (len(side) - 1) / len(side) if len(side) > 1 else 0.0)
        delta = means[1] - means[0]
        t[i] = 0 if delta == 0 else np.inf if sum(errors) == 0 else abs(delta) / np.sqrt(sum(errors))
        sizes[i] = (back, len(right))
        quiet = 0 if t[i] > t_limit else quiet + 1
    found = []
    for i in range(1, n):
        back, ahead = sizes[i]
        if back < least or ahead < fore or t[i] <= t_limit or t[i - 1] > t[i] or (i + 1 < n and t[i + 1] > t[i]):
            continue
        before, after = np.mean(values[i - back:i]), np.mean(values[i:i + fore])
        if abs(after - before) >= change * abs(before):
            found.append({"index": i, "before": float(before), "after": float(after), "t": float(min(t[i], 1e6))})
    return found


if __name__ == "__main__":
    cases = []
    for name, values in histories():
        cases.append({
            "name": name,
            "values": values.tolist(),
            "otava": otava(values),
            "otava_narrow": otava(values, window_len=30, max_pvalue=0.01, min_magnitude=0.05),
            "mongodb": mongodb(values),
            "mongodb_statistic": statistic(values) if len(values) <= 51 else None,
            "perfherder": perfherder(values),
        })
    print("[")
    print(",\n".join(json.dumps(case) for case in cases))
    print("]")
