"""Benchmark histories whose changes are known, drawn from a seed.

    histories.py SEED > histories.jsonl

A line a history: {"id", "family", "values": [number or null, ...], "changes": [first run of each new level], "group"?, "ramp"? [from, to]}.
"""

import json
import sys

import numpy

LENGTHS = [30, 60, 120, 250, 500, 1000]
# Standard deviation of the noise as a share of the level: from an idle machine of one's own to a shared one.
NOISES = [0.002, 0.005, 0.01, 0.02, 0.05]
STEPS = [0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2]
SHAPES = ["normal", "long tail", "skewed", "two modes", "uniform"]


def noise(random, shape, count):
    """`count` independent values with mean 0 and deviation 1, near enough."""
    if shape == "normal":
        return random.normal(size=count)
    if shape == "long tail":
        return random.standard_t(3, size=count) / 3**0.5
    if shape == "skewed":
        values = random.lognormal(0, 0.6, size=count)
        return (values - numpy.exp(0.18)) / 0.79
    if shape == "two modes":
        return (random.normal(size=count) * 0.4 + numpy.where(random.random(count) < 0.3, 1.4, -0.6)) / 1.0
    return random.uniform(-(3**0.5), 3**0.5, size=count)


def remembering(random, count, memory):
    """Noise of which a share stays from run to run (AR(1)), with deviation 1."""
    values = random.normal(size=count)
    for index in range(1, count):
        values[index] = memory * values[index - 1] + (1 - memory**2) ** 0.5 * values[index]
    return values


class Draw:
    def __init__(self, seed):
        self.random = numpy.random.default_rng(seed)
        self.histories = []

    def add(self, family, values, changes=(), **more):
        number = sum(history["family"] == family for history in self.histories)
        level = 10 ** self.random.uniform(-3, 6)
        values = [None if value is None or value != value else float(f"{level * value:.7g}") for value in values]
        changes = [int(change) for change in changes]
        self.histories.append({"id": f"{family}-{number}", "family": family, "values": values, "changes": changes, **more})

    def pick(self, choices):
        return choices[self.random.integers(len(choices))]

    def sign(self):
        return self.pick([-1, 1])

    def places(self, count, many, apart=8):
        """`many` places that are `apart` from each other and from the ends."""
        while True:
            places = sorted(self.random.integers(apart, count - apart, size=many))
            if all(later - earlier >= apart for earlier, later in zip(places, places[1:])):
                return places

    def levels(self, count, places, sizes):
        level = numpy.ones(count)
        for place, size in zip(places, sizes):
            level[place:] *= 1 + size
        return level

    def noisy(self, level, shape=None, share=None):
        shape, share = shape or self.pick(SHAPES), share or self.pick(NOISES)
        return level * (1 + share * noise(self.random, shape, len(level)))

    def step(self):
        for count in LENGTHS:
            for _ in range(25):
                many = self.random.integers(1, 2 if count <= 30 else 3 if count <= 60 else 5)
                places = self.places(count, many)
                sizes = [self.sign() * self.pick(STEPS) for _ in places]
                self.add("step", self.noisy(self.levels(count, places, sizes)), places)

    def quiet(self):
        for count in LENGTHS:
            for shape in SHAPES:
                for _ in range(4):
                    self.add("quiet", self.noisy(numpy.ones(count), shape))
            for memory in [0.3, 0.6]:
                self.add("quiet", 1 + self.pick(NOISES) * remembering(self.random, count, memory))

    def moving(self):
        """A slope or a season, half of them with a step."""
        for family in ["drift", "season"]:
            for number in range(40):
                count, share = self.pick([120, 250, 500]), self.pick([0.005, 0.01])
                x = numpy.arange(count)
                if family == "drift":
                    course = 1 + self.sign() * self.random.uniform(4, 12) * share * x / count
                else:
                    course = 1 + self.random.uniform(2, 5) * share * numpy.sin(2 * numpy.pi * x / self.pick([7, 24]))
                places = self.places(count, number % 2, apart=25)
                sizes = [self.sign() * self.random.uniform(4, 8) * share for _ in places]
                self.add(family, self.noisy(course * self.levels(count, places, sizes), "normal", share), places)

    def young(self):
        """A change that is a few runs old."""
        for age in [1, 2, 3, 5, 8, 12]:
            for _ in range(12):
                count, share = self.pick([40, 80, 160]), self.pick([0.005, 0.01, 0.02])
                level = self.levels(count, [count - age], [self.sign() * self.random.uniform(4, 9) * share])
                self.add("young", self.noisy(level, "normal", share), [count - age])

    def short(self):
        for number in range(40):
            count, share = int(self.random.integers(8, 20)), self.pick([0.005, 0.01])
            places = [count // 2] if number % 2 else []
            level = self.levels(count, places, [self.sign() * self.random.uniform(5, 10) * share for _ in places])
            self.add("short", self.noisy(level, "normal", share), places)

    def unchanged(self):
        """Spikes, and noise that grows: the level stays."""
        for _ in range(40):
            count, share = self.pick([60, 120, 250]), self.pick([0.005, 0.01, 0.02])
            values = self.noisy(numpy.ones(count), None, share)
            for place in self.places(count, self.random.integers(1, 4)):
                values[place : place + self.random.integers(1, 4)] *= 1 + self.sign() * self.random.uniform(6, 30) * share
            self.add("spikes", values)
            spread = numpy.where(numpy.arange(count) < self.places(count, 1, apart=20)[0], 1, self.random.uniform(2, 4))
            self.add("spread", 1 + share * spread * self.random.normal(size=count))

    def others(self):
        for number in range(30):
            count, share = self.pick([120, 250]), self.pick([0.005, 0.01, 0.02])
            size = self.sign() * self.random.uniform(4, 9) * share
            first, second = self.places(count, 2, apart=15)
            self.add("taken back", self.noisy(numpy.where((numpy.arange(count) >= first) & (numpy.arange(count) < second), 1 + size, 1), None, share), [first, second])
            middle = self.places(count, 1, apart=30)[0]
            level = 1 + size * numpy.clip((numpy.arange(count) - middle) / 12, 0, 1)
            self.add("ramp", self.noisy(level, "normal", share), [middle], ramp=[int(middle), int(middle) + 12])
            coarse = numpy.round(40 * self.levels(count, [middle], [self.sign() * 0.15]) + 0.3 * self.random.normal(size=count))
            self.add("coarse", coarse if number % 2 else self.levels(count, [middle], [0.003]), [middle])
            self.add("remembering", self.levels(count, [middle], [3 * size]) + share * remembering(self.random, count, 0.5), [middle])
            values = self.noisy(self.levels(count, [middle], [size]), None, share)
            values[self.random.random(count) < 0.15] = numpy.nan
            self.add("missing", values, [middle])

    def groups(self):
        """Twelve metrics of a benchmark, five of which one commit moves."""
        for group in range(10):
            place, share = self.places(200, 1, apart=30)[0], 0.01
            for metric in range(12):
                places = [place] if metric < 5 else []
                level = self.levels(200, places, [self.sign() * self.random.uniform(2.5, 6) * share for _ in places])
                self.add("group", self.noisy(level, "normal", share), places, group=f"commit-{group}")

    def streams(self):
        """For feeding run by run."""
        for number in range(60):
            count, share = 200, self.pick([0.005, 0.01, 0.02])
            places = self.places(count, 1, apart=60) if number % 2 else []
            level = self.levels(count, places, [self.sign() * self.random.uniform(2.5, 8) * share for _ in places])
            self.add("stream", self.noisy(level, None, share), places)

    def wild(self):
        """What real series do without anybody having changed anything: they wander."""
        for _ in range(15):
            count, share = 400, 0.01
            walk = numpy.cumsum(self.random.normal(size=count)) * 0.15
            self.add("wild: walk", 1 + share * (walk + self.random.normal(size=count)))
            self.add("wild: slow", 1 + share * (2 * remembering(self.random, count, 0.97) + self.random.normal(size=count)))
            spread = numpy.exp(remembering(self.random, count, 0.95) * 0.6)
            self.add("wild: bursts", 1 + share * spread * self.random.normal(size=count))
            waves = sum(numpy.sin(2 * numpy.pi * numpy.arange(count) / self.random.uniform(80, 300)) for _ in range(3))
            self.add("wild: waves", 1 + share * (waves + self.random.normal(size=count)))


def draw(seed):
    """The histories of a seed."""
    draw = Draw(seed)
    for family in [draw.step, draw.quiet, draw.moving, draw.young, draw.short, draw.unchanged, draw.others, draw.groups, draw.streams, draw.wild]:
        family()
    return draw.histories


if __name__ == "__main__":
    for history in draw(int(sys.argv[1])):
        print(json.dumps(history))
