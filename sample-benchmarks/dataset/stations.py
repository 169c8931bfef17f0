"""Reads `station;temperature` lines and summarises each station, again and again."""

import sys
from time import perf_counter

from benchmarkai import emit, progress

ROUNDS = 50


def summarise(path):
    """The lowest, the sum and the highest temperature and the number of rows, by station."""
    stations = {}
    with open(path) as file:
        for line in file:
            station, _, text = line.partition(";")
            temperature = float(text)
            summary = stations.get(station)
            if summary is None:
                stations[station] = [temperature, temperature, temperature, 1]
                continue
            summary[0] = min(summary[0], temperature)
            summary[1] += temperature
            summary[2] = max(summary[2], temperature)
            summary[3] += 1
    return stations


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: stations.py FILE")
    for number in range(ROUNDS):
        start = perf_counter()
        stations = summarise(sys.argv[1])
        seconds = perf_counter() - start
        rows = sum(summary[3] for summary in stations.values())
        emit("rows_per_second", rows / seconds, unit="rows/s", step=number)
        progress(number + 1, ROUNDS)
    emit("stations", len(stations))
    for station, (low, total, high, rows) in sorted(stations.items()):
        print("%-12s %6.1f %6.1f %6.1f" % (station, low, total / rows, high))


if __name__ == "__main__":
    main()
