"""The sun and its four largest planets, moved step by step: arithmetic on floats, one core, no library.

The total energy has to stay what it was; how far it drifts tells a faster program from a wrong one.
"""

import argparse
import math
import sys
from time import perf_counter

from benchmarkai import emit, progress

SOLAR_MASS = 4 * math.pi**2
DAYS = 365.24  # in a year, the unit of time; lengths are in astronomical units
STEP = 0.01  # years
MOST_DRIFT = 1e-3  # of the energy

# Position, velocity a day, mass in suns.
PLANETS = {
    "jupiter": (
        (4.84143144246472090e00, -1.16032004402742839e00, -1.03622044471123109e-01),
        (1.66007664274403694e-03, 7.69901118419740425e-03, -6.90460016972063023e-05),
        9.54791938424326609e-04,
    ),
    "saturn": (
        (8.34336671824457987e00, 4.12479856412430479e00, -4.03523417114321381e-01),
        (-2.76742510726411021e-03, 4.99852801234917238e-03, 2.30417297573763929e-05),
        2.85885980666130812e-04,
    ),
    "uranus": (
        (1.28943695621391310e01, -1.51111514016986312e01, -2.23307578892655734e-01),
        (2.96460137564761618e-03, 2.37847173959480950e-03, -2.96589568540237556e-05),
        4.36624404335156298e-05,
    ),
    "neptune": (
        (1.53796971148509165e01, -2.59193146099879641e01, 1.79258772950371181e-01),
        (2.68067772490389322e-03, 1.62824170038242295e-03, -9.51592254519715870e-05),
        5.15138902046611451e-05,
    ),
}


class Body:
    """A point with a mass."""

    __slots__ = ("x", "y", "z", "vx", "vy", "vz", "mass")

    def __init__(self, position, velocity, mass):
        self.x, self.y, self.z = position
        self.vx, self.vy, self.vz = velocity
        self.mass = mass


def solar_system():
    """The planets, and a sun that moves so that all together stay in place."""
    planets = [
        Body(position, [v * DAYS for v in velocity], mass * SOLAR_MASS)
        for position, velocity, mass in PLANETS.values()
    ]
    momentum = [sum(getattr(p, axis) * p.mass for p in planets) for axis in ("vx", "vy", "vz")]
    return [Body((0, 0, 0), [-m / SOLAR_MASS for m in momentum], SOLAR_MASS)] + planets


def pairs_of(bodies):
    return [(a, b) for index, a in enumerate(bodies) for b in bodies[index + 1 :]]


def advance(bodies, pairs, steps):
    """Moves all bodies by so many steps."""
    for _ in range(steps):
        for a, b in pairs:
            dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
            pull = STEP / (dx * dx + dy * dy + dz * dz) ** 1.5
            pull_a, pull_b = a.mass * pull, b.mass * pull
            a.vx -= dx * pull_b
            a.vy -= dy * pull_b
            a.vz -= dz * pull_b
            b.vx += dx * pull_a
            b.vy += dy * pull_a
            b.vz += dz * pull_a
        for body in bodies:
            body.x += STEP * body.vx
            body.y += STEP * body.vy
            body.z += STEP * body.vz


def energy(bodies, pairs):
    moving = sum(0.5 * b.mass * (b.vx**2 + b.vy**2 + b.vz**2) for b in bodies)
    falling = sum(a.mass * b.mass / math.dist((a.x, a.y, a.z), (b.x, b.y, b.z)) for a, b in pairs)
    return moving - falling


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40_000, help="steps in a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, each a sample")
    options = parser.parse_args()

    bodies = solar_system()
    pairs = pairs_of(bodies)
    before = energy(bodies, pairs)
    for number in range(options.rounds):
        start = perf_counter()
        advance(bodies, pairs, options.steps)
        speed = options.steps / (perf_counter() - start)
        emit("steps_per_second", speed, unit="1/s", step=number)
        progress(number + 1, options.rounds)
        print("round %d: %.0f steps a second" % (number + 1, speed), flush=True)

    drift = abs(energy(bodies, pairs) / before - 1)
    emit("energy_drift", drift)
    if drift > MOST_DRIFT:
        sys.exit("nbody: the energy drifted by %g, more than %g: the result is wrong" % (drift, MOST_DRIFT))


if __name__ == "__main__":
    main()
