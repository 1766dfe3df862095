"""How often something is wrong in each tier, from the drawn visits alone, with intervals that the draw justifies.

The draw's inclusion probabilities are known, so the rate of a tier is a ratio of Horvitz–Thompson sums (Hájek):
p = Σ y/π ÷ Σ 1/π over the drawn firms whose visit has a result. Visits directed by risk say nothing about a tier's
rate and are left out. Variance: Hájek's approximation for fixed-size designs of high entropy (Pareto sampling is one)
on the linearised residuals; interval: Clopper–Pearson on the effective sample size (Korn and Graubard 1998), which
holds for rates near 0 and small tiers too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.outcome.returned import CLEAN, FOUND

MILLION = 1_000_000
SAMPLE = pl.Schema(
    {"enterprise_id": pl.String, "tier": pl.String, "per_million": pl.Int64, "found": pl.Boolean}
)  # found: null where nobody could look
RATES = pl.Schema(
    {
        "tier": pl.String,
        "drawn": pl.Int64,
        "seen": pl.Int64,  # drawn visits with a result that says whether something was wrong
        "found": pl.Int64,
        "rate": pl.Int64,  # per million of the tier's pool; null where nobody was seen
        "low": pl.Int64,
        "high": pl.Int64,
        "variance": pl.Float64,  # of the rate as a fraction
        "effective": pl.Float64,  # sample size worth as much as this one under simple random sampling
        "low_if_unseen_clean": pl.Int64,  # what the rate would be if every unseen firm were clean
        "high_if_unseen_found": pl.Int64,
    }
)
"""One row per tier, best first."""

Floats = NDArray[np.float64]


def drawn_sample(pool: pl.DataFrame, visits: pl.DataFrame, period_from: date, period_to: date) -> pl.DataFrame:
    """SAMPLE: firms that the published draw chose (enterprise_id, stratum, per_million, drawn), with what was found.

    `visits` are VISITS of the period; a firm seen twice counts as found if either visit found something.
    """
    result = pl.col("result")
    seen = (
        visits.filter(pl.col("visit_date").is_between(period_from, period_to) & result.is_in(FOUND | CLEAN))
        .group_by("enterprise_id")
        .agg(found=result.is_in(FOUND).any())
    )
    drawn = pool.filter("drawn").with_columns(tier=pl.col("stratum").str.split("|").list.first())
    once = drawn.sort("enterprise_id", "per_million", descending=[False, True]).unique("enterprise_id", keep="first")
    joined = once.join(seen, on="enterprise_id", how="left").sort("enterprise_id")
    return joined.select(pl.col(name).cast(dtype) for name, dtype in SAMPLE.items())


def rates(sample: pl.DataFrame, tiers: Sequence[str], *, confidence: float = 0.95) -> pl.DataFrame:
    """RATES of every tier named, best first. Raises ValueError on a probability outside (0, 1]."""
    if sample.height and not sample["per_million"].is_between(1, MILLION).all():
        raise ValueError("Expected inclusion probabilities in (0, 1]; a firm without a chance cannot have been drawn")
    rows = [_tier(tier, sample.filter(pl.col("tier") == tier), confidence) for tier in tiers]
    return pl.DataFrame(rows, schema=RATES, orient="row")


def _tier(tier: str, drawn: pl.DataFrame, confidence: float) -> tuple[object, ...]:
    seen = drawn.filter(pl.col("found").is_not_null())
    y = seen["found"].cast(pl.Float64).to_numpy()
    probability = seen["per_million"].to_numpy() / MILLION
    unseen = drawn.filter(pl.col("found").is_null())["per_million"].to_numpy() / MILLION
    counts = (tier, drawn.height, seen.height, int(y.sum()))
    if not len(y):
        return (*counts, None, None, None, None, 0.0, None, None)
    rate = hajek(y, probability)
    variance = hajek_variance(y, probability)
    size = effective_size(y, probability, rate, variance)
    low, high = interval(rate, size, len(y), confidence)
    whole = float((1 / probability).sum() + (1 / unseen).sum())
    wrong = float((y / probability).sum())
    bounds = _per_million(wrong / whole), _per_million((wrong + float((1 / unseen).sum())) / whole)
    return (*counts, _per_million(rate), _per_million(low), _per_million(high), variance, size, *bounds)


def _per_million(share: float) -> int:
    return round(min(max(share, 0.0), 1.0) * MILLION)


def hajek(y: Floats, probability: Floats) -> float:
    """Σ y/π ÷ Σ 1/π."""
    return float((y / probability).sum() / (1 / probability).sum())


def hajek_variance(y: Floats, probability: Floats) -> float:
    """Estimated variance of the Hájek ratio under a fixed-size design of high entropy; inf for a single firm.

    n/(n−1) · Σ (1−π)(e/π − B)² ÷ N̂², with e = y − p and B the (1−π)-weighted mean of e/π. A census has none.
    """
    spare = 1 - probability
    if not spare.any():
        return 0.0
    n = len(y)
    if n == 1:
        return math.inf
    residual = (y - hajek(y, probability)) / probability
    centre = float((spare * residual).sum() / spare.sum())
    spread = float((spare * (residual - centre) ** 2).sum())
    return n / (n - 1) * spread / float((1 / probability).sum()) ** 2


def effective_size(y: Floats, probability: Floats, rate: float, variance: float) -> float:
    """Sample size of equal precision under simple random sampling with replacement; inf for a census.

    Where all firms agree the estimated variance is 0 and says nothing: Kish's (Σw)²/Σw², corrected for the finite
    pool, stands in.
    """
    if not (1 - probability).any():
        return math.inf
    if 0 < rate < 1 and variance > 0:
        return rate * (1 - rate) / variance if math.isfinite(variance) else 1.0
    weight = 1 / probability
    kish = float(weight.sum() ** 2 / (weight**2).sum())
    return kish / max(1 - len(y) / float(weight.sum()), 1e-9)


def interval(rate: float, size: float, n: int, confidence: float) -> tuple[float, float]:
    """Clopper–Pearson on the effective size, less what estimating the variance from n firms costs (Student's t)."""
    from scipy.stats import beta, norm, t  # 70 MB that readers of earlier runs (the desk) never need

    if math.isinf(size):
        return rate, rate
    if n < 2:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    size *= float(norm.ppf(tail) / t.ppf(tail, n - 1)) ** 2
    wrong = rate * size
    low = 0.0 if rate <= 0 else float(beta.ppf(tail, wrong, size - wrong + 1))
    high = 1.0 if rate >= 1 else float(beta.ppf(1 - tail, wrong + 1, size - wrong))
    return low, high
