"""Measures a little, then fails as a benchmark does whose set-up is wrong."""

import sys

from benchmarkai import emit


def main():
    print("measuring", flush=True)
    for step in range(3):
        emit("latency", 10.0 + step, unit="ms", step=step)
    print("failing: the model file model.bin is missing; run prepare.py first", file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main())
