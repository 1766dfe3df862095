"""Measures of an order of visits against what they found. Arrays over visits; higher risk = visited earlier.

weights: 1 / inclusion probability (all ones where unknown), so that a sample drawn with known odds speaks for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def auc(risk: Floats, found: Flags, weights: Floats | None = None) -> float:
    """Chance that a visit that found something ranks above one that did not, ties half; nan with one class."""
    weights = np.ones(len(risk)) if weights is None else weights
    ranks = rankdata(risk, method="dense").astype(np.int64) - 1
    bad = np.bincount(ranks, weights * found)
    good = np.bincount(ranks, weights * ~found, minlength=len(bad))
    below = np.cumsum(good) - good
    pairs = float(bad.sum() * good.sum())
    return float((bad * (below + good / 2)).sum() / pairs) if pairs else float("nan")


@dataclass(frozen=True)
class AtBudget:
    """The share of visits made first, and what they found."""

    budget: float
    visits: int
    precision: float
    recall: float


def at_budget(risk: Floats, found: Flags, budget: float, weights: Floats | None = None) -> AtBudget:
    """Precision and recall when the riskiest `budget` (0–1) of the weighted visits are made.

    `risk` must be free of ties (see `untied`).
    """
    weights = np.ones(len(risk)) if weights is None else weights
    order = np.argsort(-risk, kind="stable")
    reach = np.cumsum(weights[order]) <= budget * weights.sum() + 1e-9
    chosen = order[reach]
    hit, total = float((weights * found)[chosen].sum()), float((weights * found).sum())
    spent = float(weights[chosen].sum())
    return AtBudget(budget, len(chosen), hit / spent if spent else float("nan"), hit / total if total else float("nan"))


def days_gained(risk: Floats, days: Ints, found: Flags) -> tuple[Floats, Floats]:
    """Days by which each visit that found something comes earlier: than in random order, than in the actual one.

    The same visits on the same days with the same number a day; only who comes when changes, riskiest first.
    In random order each visit's expected day is the mean of all days, exactly.
    """
    slots = np.sort(days)
    order = np.argsort(-risk, kind="stable")
    new = np.empty(len(days), dtype=np.float64)
    new[order] = slots
    return slots.mean() - new[found], days[found].astype(np.float64) - new[found]


def days_gained_within(risk: Floats, days: Ints, groups: npt.NDArray[np.object_]) -> Floats:
    """Days gained on random order by every visit when each group keeps its own visits and its own days."""
    gained = np.empty(len(days), dtype=np.float64)
    for group in sorted(set(groups.tolist())):
        inside = groups == group
        gained[inside] = days_gained(risk[inside], days[inside], np.ones(int(inside.sum()), dtype=np.bool_))[0]
    return gained


def untied(risk: Floats, tie: npt.NDArray[np.uint64]) -> Floats:
    """Ranks 0 … n−1 by risk, equal ones in the order of a keyed hash."""
    order = np.lexsort((tie, risk))
    ranks = np.empty(len(risk), dtype=np.float64)
    ranks[order] = np.arange(len(risk))
    return ranks


def interval(draws: Floats, share: float = 0.95) -> tuple[float, float]:
    """Percentile interval of bootstrap draws; nan where there are none."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
