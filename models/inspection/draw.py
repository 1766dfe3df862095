"""The draw: firms chosen by seeded chance so that anyone can replay it (docs/draw.md).

Strata are tier | region | industry | count. The quota of a stratum is a fraction; whole visits come from one
systematic pass per tier whose start is a keyed number, so that every stratum keeps its quota on average. Inside the
stratum Pareto sampling keeps each firm's probability: u = keyed number of the firm, p = its target,
rank = u/(1-u) * (1-p)/p, and the n smallest ranks are drawn.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


MICRO = 1_000_000  # quotas are counted in millionths of a visit, so that everybody sums them alike


def whole(quotas: Ints, start: int) -> Ints:
    """Whole visits for quotas (micro-visits), in their order: totals within one, the mean over `start` exact.

    `start` is in [0, MICRO).
    """
    ends = (np.cumsum(quotas) + start) // MICRO
    return np.diff(ends, prepend=0)


def targets(measure: Floats, n: int) -> Floats:
    """Probabilities proportional to the measure with sum n, none above 1."""
    if n >= len(measure):
        return np.ones(len(measure))
    p = np.zeros(len(measure))
    certain = np.zeros(len(measure), dtype=np.bool_)
    while True:
        rest = n - int(certain.sum())
        total = measure[~certain].sum()
        p = np.where(certain, 1.0, measure * rest / total if total else 0.0)
        over = (p >= 1.0) & ~certain
        if not over.any():
            return p
        certain |= over


def ranks(numbers: Floats, p: Floats) -> Floats:
    """Pareto ranking variable; certain firms rank 0. Only + - * /: the same on every machine."""
    with np.errstate(divide="ignore"):
        return np.where(p >= 1.0, 0.0, np.where(p > 0, numbers / (1.0 - numbers) * ((1.0 - p) / p), np.inf))


def pareto(numbers: Floats, measure: Floats, n: int, names: list[str]) -> Bools:
    """The n drawn, ties by name."""
    drawn = np.zeros(len(measure), dtype=np.bool_)
    if n > 0:
        order = np.lexsort((np.array(names), ranks(numbers, targets(measure, n))))
        drawn[order[:n]] = True
    return drawn


def probabilities(measure: Floats, quota: int) -> Floats:
    """Inclusion probability of each firm when n is the quota (micro-visits) rounded down or up with its fraction."""
    low, rest = divmod(quota, MICRO)
    p = targets(measure, low) * (1 - rest / MICRO) if low else np.zeros(len(measure))
    return p + targets(measure, low + 1) * (rest / MICRO) if rest else p


def pool_hash(pool: pl.DataFrame) -> str:
    """sha256 over the lines "stratum,enterprise,measure" in their order; published before the seed."""
    lines = pool.sort("stratum", "enterprise_id").select(
        pl.concat_str("stratum", "enterprise_id", pl.col("measure").cast(pl.String), separator=",") + "\n"
    )
    return hashlib.sha256("".join(lines.to_series()).encode()).hexdigest()
