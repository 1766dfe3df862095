"""One window: the visits that followed an origin, each with the rating given before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from models.backtest.measures import Flags, Floats, Ints, at_budget, auc, days_gained, days_gained_within, untied


@dataclass(frozen=True)
class Window:
    """Arrays over the visits of one window, in order of visit_id."""

    origin: date
    enterprises: npt.NDArray[np.object_]
    regions: npt.NDArray[np.object_]
    tiers: npt.NDArray[np.object_]
    days: Ints  # since the origin
    found: Flags
    score_risk: Floats  # minus the score
    tier_risk: Floats  # rank of the tier, worst highest
    order: Floats  # rank by score, ties by keyed hash
    weights: Floats
    gained_on_random: Floats  # days, by score
    gained_on_actual: Floats
    gained_on_random_by_tier: Floats  # days, by tier alone
    gained_within_team: Floats  # on random order, when every team keeps its visits and its days


def window(found: pl.DataFrame, ratings: pl.DataFrame, tiers: Sequence[str], origin: date, seed: bytes) -> Window:
    """Join the outcomes of a window with the ratings of its origin; visits to unrated enterprises are left out.

    tiers: ids from best to worst. seed: key of the hash that orders ties.
    """
    rows = found.join(ratings.select("enterprise_id", "score", "tier"), on="enterprise_id").sort("visit_id")
    ranks = {tier: rank for rank, tier in enumerate(tiers)}
    score = -rows["score"].to_numpy().astype(np.float64)
    tier_risk = np.array([ranks[tier] for tier in rows["tier"]], dtype=np.float64)
    ties = np.array([_hash(seed, visit) for visit in rows["visit_id"]], dtype=np.uint64)
    days = (rows["visit_date"] - origin).dt.total_days().to_numpy().astype(np.int64)
    everyone = np.ones(len(days), dtype=np.bool_)
    order = untied(score, ties)
    random, actual = days_gained(order, days, everyone)
    return Window(
        origin=origin,
        enterprises=rows["enterprise_id"].to_numpy().astype(object),
        regions=rows["region"].fill_null("").to_numpy().astype(object),
        tiers=rows["tier"].to_numpy().astype(object),
        days=days,
        found=rows["found"].to_numpy().astype(np.bool_),
        score_risk=score,
        tier_risk=tier_risk,
        order=order,
        weights=1.0 / rows["probability"].fill_null(1.0).to_numpy(),
        gained_on_random=random,
        gained_on_actual=actual,
        gained_on_random_by_tier=days_gained(untied(tier_risk, ties), days, everyone)[0],
        gained_within_team=days_gained_within(order, days, rows["team"].to_numpy().astype(object)),
    )


def _hash(seed: bytes, visit: str) -> int:
    return int.from_bytes(hashlib.blake2b(visit.encode(), key=seed[:64], digest_size=8).digest())


BUDGETS = (0.05, 0.10, 0.20)


def measured(w: Window, pick: npt.NDArray[np.int64] | slice = slice(None)) -> dict[str, float]:
    """Every measure of a window, or of a resample of its visits (each keeps the days gained in the whole window)."""
    found, weights = w.found[pick], w.weights[pick]
    values = {
        "auc": auc(w.score_risk[pick], found, weights),
        "auc_tier": auc(w.tier_risk[pick], found, weights),
        "days_earlier_than_random": _mean(w.gained_on_random[pick][found]),
        "days_earlier_than_actual": _mean(w.gained_on_actual[pick][found]),
        "days_earlier_than_random_tier": _mean(w.gained_on_random_by_tier[pick][found]),
        "days_earlier_than_random_within_team": _mean(w.gained_within_team[pick][found]),
        "found_rate": float((found * weights).sum() / weights.sum()) if len(found) else float("nan"),
    }
    for budget in BUDGETS:
        result = at_budget(w.order[pick], found, budget, weights)
        values[f"precision_at_{budget:.0%}"] = result.precision
        values[f"recall_at_{budget:.0%}"] = result.recall
    return values


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")
