"""Greets, measures how long sorting takes, and how well some random points estimate pi."""

import math
import random
from time import perf_counter

from benchmarkai import emit, progress

ROUNDS = 20
NUMBERS = 20_000
POINTS = 100_000


def main():
    print("Hello, world! Sorting %d numbers, %d times." % (NUMBERS, ROUNDS), flush=True)
    chance = random.Random(42)
    for round_number in range(ROUNDS):
        numbers = [chance.random() for _ in range(NUMBERS)]
        start = perf_counter()
        numbers.sort()
        emit("latency", (perf_counter() - start) * 1000, unit="ms", step=round_number)
        progress(round_number + 1, ROUNDS, "sorting")

    inside = sum(chance.random() ** 2 + chance.random() ** 2 < 1 for _ in range(POINTS))
    estimate = 4 * inside / POINTS
    accuracy = 1 - abs(estimate - math.pi) / math.pi
    emit({"accuracy": accuracy})
    print("Pi is about %.4f, which is %.2f %% right. Goodbye!" % (estimate, accuracy * 100))


if __name__ == "__main__":
    main()
