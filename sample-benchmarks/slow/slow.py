"""Computes hashes for so many seconds, and says each second how far it is."""

import hashlib
import signal
import sys
from time import monotonic

from benchmarkai import emit, progress


class Stopped(Exception):
    """The run was canceled, or its time is over."""


def stop(number, frame):
    raise Stopped


def hashes_for(seconds):
    """How many hashes were computed in that time."""
    data = b"bai" * 1000
    end = monotonic() + seconds
    done = 0
    while monotonic() < end:
        hashlib.sha256(data).digest()
        done += 1
    return done


def main():
    signal.signal(signal.SIGTERM, stop)
    seconds = int(sys.argv[1])
    second = 0
    try:
        for second in range(1, seconds + 1):
            hashes = hashes_for(1)
            emit("hashes_per_second", hashes, unit="1/s", step=second)
            progress(second, seconds, "second %d of %d" % (second, seconds))
            print("second %d of %d: %d hashes" % (second, seconds, hashes), flush=True)
    except Stopped:
        print("stopped in second %d; nothing to clean up" % second, flush=True)
        return 143
    return 0


if __name__ == "__main__":
    sys.exit(main())
