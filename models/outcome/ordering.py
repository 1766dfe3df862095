"""Whether tiers are ordered as they claim: is more wrong in the worse one?"""

from __future__ import annotations

import math
from itertools import pairwise

import polars as pl

from models.outcome.rates import MILLION

ORDERING = pl.Schema(
    {
        "better": pl.String,
        "worse": pl.String,
        "difference": pl.Int64,  # per million, worse minus better
        "low": pl.Int64,
        "high": pl.Int64,
        "verdict": pl.String,  # ordered | reversed | not_shown | unknown
    }
)
"""One row per pair of neighbouring tiers, best first; intervals hold for all pairs together (Bonferroni)."""


def ordering(rates: pl.DataFrame, *, confidence: float = 0.95) -> pl.DataFrame:
    """ORDERING of neighbouring tiers of a RATES frame.

    ordered: the whole interval of the difference is above 0; reversed: below; not_shown: it contains 0 — more
    visits are needed before anybody may say so; unknown: a tier without enough drawn results.
    """
    from scipy.stats import norm  # 70 MB that readers of earlier runs (the desk) never need

    tiers = list(rates.iter_rows(named=True))
    pairs = max(len(tiers) - 1, 1)
    z = float(norm.ppf(1 - (1 - confidence) / (2 * pairs)))
    return pl.DataFrame([_pair(one, two, z) for one, two in pairwise(tiers)], schema=ORDERING, orient="row")


def _pair(better: dict[str, object], worse: dict[str, object], z: float) -> tuple[object, ...]:
    names = (better["tier"], worse["tier"])
    figures = [better["rate"], worse["rate"], _spread(better), _spread(worse)]
    if any(figure is None for figure in figures):
        return (*names, None, None, None, "unknown")
    p, q, v, w = (float(figure) for figure in figures)  # type: ignore[arg-type]
    difference = (q - p) / MILLION
    reach = z * math.sqrt(v + w)
    low, high = difference - reach, difference + reach
    verdict = "ordered" if low > 0 else "reversed" if high < 0 else "not_shown"
    return (*names, round(difference * MILLION), round(low * MILLION), round(high * MILLION), verdict)


def _spread(tier: dict[str, object]) -> float | None:
    """Variance of a tier's rate; where all drawn firms agree, that of one more clean and one more wrong (Agresti)."""
    rate, size, variance = tier["rate"], tier["effective"], tier["variance"]
    if rate is None or not isinstance(size, float) or not isinstance(variance, float) or math.isinf(variance):
        return None
    if math.isinf(size):
        return 0.0
    if variance > 0:
        return variance
    share = (float(rate) / MILLION * size + 2) / (size + 4)  # type: ignore[arg-type]
    return share * (1 - share) / (size + 4)
