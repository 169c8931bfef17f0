"""How well changes were found, by the histories' own."""

from statistics import mean, median

from scipy import stats

# By so many runs a found change may miss the place.
MARGIN = {"young": 2, "short": 2}
USUAL_MARGIN = 5
NOTHING_HAPPENS = {"quiet", "spikes", "spread"}


def matches(changes, found, margin):
    """How many of each belong together, the nearest first, one to one; and by how many runs they miss."""
    pairs = sorted((abs(change - place), change, place) for change in changes for place in found if abs(change - place) <= margin)
    used, misses = set(), []
    for miss, change, place in pairs:
        if ("change", change) in used or ("place", place) in used:
            continue
        used |= {("change", change), ("place", place)}
        misses.append((change, place))
    return misses


def can_be_told(history, change):
    """Whether a rank test that knows the place sees the change."""
    edges = sorted([0, len(history["values"])] + history["changes"])
    where = edges.index(change)
    before, after = (
        [value for value in history["values"][start:end] if value is not None]
        for start, end in [(edges[where - 1], change), (change, edges[where + 1])]
    )
    if len(before) < 3 or len(after) < 3:
        return False
    return stats.mannwhitneyu(before, after).pvalue < 0.001


class Count:
    def __init__(self):
        self.right = self.false = self.missed = 0

    def add(self, right, false, missed):
        self.right, self.false, self.missed = self.right + right, self.false + false, self.missed + missed

    @property
    def precision(self):
        return self.right / max(1, self.right + self.false)

    @property
    def recall(self):
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self):
        return 2 * self.right / max(1, 2 * self.right + self.false + self.missed)


def score(histories, answers):
    """The figures of one detector; `answers` by id, each with `cps` and maybe `alarms`."""
    families, tellable, seen = {}, 0, 0
    quiet_runs = quiet_changes = nothing = wild_runs = wild_changes = 0
    groups = {}
    for history in histories:
        family, changes = history["family"], history["changes"]
        found = sorted(set(answers[history["id"]]["cps"]))
        if family == "stream":
            continue
        if family.startswith("wild"):
            wild_runs, wild_changes = wild_runs + len(history["values"]), wild_changes + len(found)
            continue
        count = families.setdefault(family, Count())
        if "ramp" in history:
            start, end = history["ramp"]
            inside = [place for place in found if start - 5 <= place <= end + 5]
            count.add(min(1, len(inside)), len(found) - len(inside), 0 if inside else 1)
            continue
        pairs = matches(changes, found, MARGIN.get(family, USUAL_MARGIN))
        count.add(len(pairs), len(found) - len(pairs), len(changes) - len(pairs))
        hit = {change for change, _ in pairs}
        for change in changes:
            if can_be_told(history, change):
                tellable, seen = tellable + 1, seen + (change in hit)
        if not changes:
            quiet_runs, quiet_changes = quiet_runs + len(history["values"]), quiet_changes + len(found)
        if family in NOTHING_HAPPENS:
            nothing += len(found)
        if "group" in history:
            groups.setdefault(history["group"], set()).update(place for _, place in pairs)
    total = Count()
    for count in families.values():
        total.add(count.right, count.false, count.missed)
    figures = {
        "F1": total.f1,
        "precision": total.precision,
        "recall": total.recall,
        "recall of what can be told": seen / max(1, tellable),
        "false changes per 1 000 quiet runs": 1000 * quiet_changes / quiet_runs,
        "false changes: quiet, spikes, spread": nothing,
        "F1 drift": families["drift"].f1,
        "F1 season": families["season"].f1,
        "F1 remembering": families["remembering"].f1,
        "places of a group": mean(len(places) for places in groups.values()) if groups else 0,
        "changes per 1 000 wandering runs": 1000 * wild_changes / wild_runs,
    }
    return figures | streams(histories, answers), {family: count.f1 for family, count in families.items()}


def streams(histories, answers):
    """How soon changes are confirmed when runs come one by one."""
    delays, false, runs, changes = [], 0, 0, 0
    for history in histories:
        if history["family"] != "stream" or "alarms" not in answers[history["id"]]:
            continue
        runs += len(history["values"])
        change = history["changes"][0] if history["changes"] else None
        changes += change is not None
        alarms = answers[history["id"]]["alarms"]
        right = [alarm for alarm in alarms if change is not None and alarm["t"] >= change and abs(alarm["index"] - change) <= USUAL_MARGIN]
        false += len(alarms) - len(right)
        if right:
            delays.append(right[0]["t"] - change + 1)
    if not runs:
        return {}
    return {
        "confirmed within 5 runs": sum(delay <= 5 for delay in delays) / changes,
        "confirmed at all": len(delays) / changes,
        "median delay (runs)": median(delays) if delays else None,
        "false alarms per 1 000 runs": 1000 * false / runs,
    }
