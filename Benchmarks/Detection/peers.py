"""What else there is, with the settings that it has when nobody says otherwise."""

import math

import numpy


def filled(values):
    """Missing runs take the value before, the first ones the one behind: peers know no gaps."""
    result, last = [], next((value for value in values if value is not None), 0.0)
    for value in values:
        last = last if value is None else value
        result.append(last)
    return result


def otava(values):
    """Apache Otava 0.8.0: windowed E-divisive with a t-test."""
    from otava.analysis import compute_change_points

    points = compute_change_points(filled(values))
    points = points[0] if isinstance(points, tuple) else points
    return [int(point.index) for point in points]


def kernel(values):
    """ruptures: kernel change points, with a penalty of 3 ln n."""
    import ruptures

    signal = numpy.array(filled(values))
    deviation = signal.std()
    if deviation == 0 or len(signal) < 5:
        return []
    detector = ruptures.KernelCPD(kernel="rbf", min_size=2).fit(signal / deviation)
    return [int(end) for end in detector.predict(pen=3 * math.log(len(signal)))[:-1]]


def perfherder(values):
    """Mozilla's windows, from the description of its formula: |t| > 7 between 12 to 24 runs before and 12 behind, and 2 %."""
    signal = numpy.array(filled(values))
    fore, least, most = 12, 12, 24
    found, last, scores = [], 0, {}
    for place in range(least, len(signal) - fore + 1):
        before = signal[max(last, place - most) : place]
        after = signal[place : place + fore]
        if len(before) < least:
            continue
        weights = numpy.arange(1, len(before) + 1)[-len(before) :]
        first = numpy.average(before, weights=weights)
        second = numpy.average(after, weights=numpy.arange(fore, 0, -1))
        variance = before.var(ddof=1) / len(before) + after.var(ddof=1) / fore
        scores[place] = abs(second - first) / max(variance, 1e-300) ** 0.5 if second != first else 0.0
        if abs(second / first - 1) < 0.02:
            scores[place] = min(scores[place], 7)
    for place, value in scores.items():
        if value > 7 and all(value >= scores.get(near, 0) for near in range(place - 6, place + 7)):
            if not found or place - found[-1] > 6:
                found.append(place)
    return found


PEERS = {"Otava 0.8.0": otava, "kernel CPD": kernel, "Perfherder": perfherder}
# Those that are quick enough to be fed run by run.
FED = {otava, perfherder}
