"""Makes statistics.json: what SciPy and statsmodels say of quantiles, limits, tests and corrections.

    python3 -m venv VENV && VENV/bin/pip install scipy==1.16.3 statsmodels==0.15.0
    VENV/bin/python statistics.py > statistics.json
"""
import json

import numpy as np
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20251122)


def limits():
    """Bencher's formulas with SciPy's quantiles; where ours differ (docs/detection.md), ours."""
    cases = []
    for n, shape in [(10, "normal"), (33, "normal"), (64, "exponential"), (90, "exponential"), (12, "negative")]:
        values = {"normal": 100 + rng.normal(0, 2, n), "exponential": 5 + rng.exponential(2, n), "negative": rng.normal(-30, 3, n)}[shape]
        values = np.round(values, 3)
        x = values[-64:]
        mean, sd, median, k = x.mean(), x.std(ddof=1), np.median(x), len(x)
        q1, q3 = np.quantile(x, [0.25, 0.75])
        steps = np.abs(np.diff(x) / x[:-1])
        d1, d3 = np.quantile(steps, [0.25, 0.75])
        z, t = stats.norm.ppf(0.99), stats.t.ppf(0.99, k - 1)
        models = {
            "percent_of_mean": (0.1, mean, 0.1 * abs(mean)),
            "percent_of_median": (0.1, median, 0.1 * abs(median)),
            "z_score": (0.99, mean, z * sd),
            "t": (0.99, mean, t * sd * np.sqrt(1 + 1 / k)),
            "iqr": (3.0, median, 3 * (q3 - q1)),
            "delta_iqr": (3.0, median, 3 * (d3 - d1) * abs(median)),
        }
        for name, (size, middle, half) in models.items():
            cases.append({"model": name, "size": size, "values": values.tolist(), "baseline": middle, "below": middle - half, "above": middle + half})
        if shape != "negative":
            mu, sigma = np.log(x).mean(), np.log(x).std(ddof=1)
            ends = stats.lognorm.ppf([0.01, 0.99], sigma, scale=np.exp(mu))
            cases.append({"model": "log_normal", "size": 0.99, "values": values.tolist(), "baseline": np.exp(mu), "below": ends[0], "above": ends[1]})
    return cases


def rank_counts(m, n):
    """How many orderings have each value of U: the coefficients of the Gaussian binomial."""
    counts = [1]
    for i in range(1, m + 1):
        top = [0] * (len(counts) + n + i)
        for j, c in enumerate(counts):
            top[j] += c
            top[j + n + i] -= c
        counts = []
        for j, c in enumerate(top):
            counts.append(c + (counts[j - i] if j >= i else 0))
        while counts[-1] == 0:
            counts.pop()
    return counts


def shift(x, y):
    d = np.sort(np.subtract.outer(y, x).ravel())
    m, n = len(x), len(y)
    if min(m, n) <= 8:
        counts = rank_counts(m, n)
        c = int(np.searchsorted(np.cumsum(counts) / sum(counts), 0.025, side="right"))
    else:
        c = int(m * n / 2 - stats.norm.ppf(0.975) * np.sqrt(m * n * (m + n + 1) / 12))
    return float(np.median(d)), [float(d[c - 1]), float(d[-c])] if c > 0 else None


def pairs():
    sets = [
        (rng.normal(10, 1, 5), rng.normal(11, 2, 7)), (rng.normal(10, 1, 20), rng.normal(10, 1, 25)),
        (rng.exponential(1, 12), rng.exponential(2, 9)), (rng.normal(0, 1, 3), rng.normal(5, 1, 3)),
        (rng.normal(0, 1, 2), rng.normal(0, 3, 40)), (1e9 + rng.normal(0, 1, 8), 1e9 + 2 + rng.normal(0, 1, 8)),
        (np.round(rng.normal(5, 2, 30)), np.round(rng.normal(6, 2, 31))), (rng.normal(-3, 1, 300), rng.normal(-3.2, 1, 400)),
    ]
    for x, y in sets:
        x, y = np.round(x, 4), np.round(y, 4)
        welch = stats.ttest_ind(y, x, equal_var=False)
        interval = welch.confidence_interval(0.95)
        nu = len(x) + len(y) - 2
        pooled = np.sqrt(((len(x) - 1) * x.var(ddof=1) + (len(y) - 1) * y.var(ddof=1)) / nu)
        j = np.exp(special.gammaln(nu / 2) - special.gammaln((nu - 1) / 2)) / np.sqrt(nu / 2)
        larger = (np.sign(np.subtract.outer(y, x)) + 1) / 2
        middle, ends = shift(x, y)
        yield {
            "first": x.tolist(), "second": y.tolist(), "t": welch.statistic, "freedom": welch.df, "p": welch.pvalue,
            "low": interval.low, "high": interval.high, "g": j * (y.mean() - x.mean()) / pooled, "superiority": larger.mean(),
            "shift": middle, "shift_interval": ends,
        }


def corrections():
    for p in ([0.01, 0.04, 0.03, 0.005], [0.5], [0.2, 0.2, 0.001, 0.9, 0.04, 0.04], rng.random(25).tolist(), [0, 1, 1e-300]):
        yield {"p": p, "holm": multipletests(p, method="holm")[1].tolist(), "benjamini_hochberg": multipletests(p, method="fdr_bh")[1].tolist()}


tails = [0.499, 0.4, 0.25, 0.1, 0.025, 0.01, 1e-3, 1e-6, 1e-12, 1e-100]
freedoms = [1, 2, 2.5, 3, 5, 9.75, 30, 63, 200, 1e4, 1e7]
print(json.dumps({
    "normal": [[p, stats.norm.isf(p)] for p in tails + [1e-300]],
    "t_quantiles": [[p, v, -float(special.stdtrit(v, p))] for v in freedoms for p in tails if p > 1e-13 or v >= 30],
    "t_tails": [[t, v, float(stats.t.sf(t, v))] for v in freedoms for t in (0.01, 0.5, 1, 2.5, 7, 30) if t < 30 or v < 100],
    "f_tails": [[f, a, b, float(stats.f.sf(f, a, b))] for a in (1, 2, 5.5, 12, 80) for b in (1, 3, 24, 500.5, 1e6) for f in (0.1, 1, 2.3, 6, 40) if stats.f.sf(f, a, b) > 1e-200],
    "limits": limits(),
    "pairs": list(pairs()),
    "corrections": list(corrections()),
}, default=float).replace("}, {", "},\n{"))
