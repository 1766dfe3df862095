"""Earlier ratings: what gates that look back, or at another pack, go by."""

from __future__ import annotations

from datetime import date

import polars as pl

from config.in_force import Policy
from models.rating.rubric import nested
from models.records import RATINGS

HISTORY = pl.Schema(
    [("pack", pl.String), ("as_of", pl.Date), *((name, RATINGS[name]) for name in ("enterprise_id", "tier", "gates"))]
)
"""One row per enterprise, pack and earlier run."""


def packs_asked(policy: Policy) -> tuple[str, ...]:
    """Other packs whose tiers some gate looks at, in ascending order."""
    tests = [c.tier_of for gate in policy.gates for c in nested(gate.when) if c.tier_of is not None]
    return tuple(sorted({test.pack for test in tests} - {policy.pack}))


def remember(ratings: pl.DataFrame, pack: str, as_of: date) -> pl.DataFrame:
    """A run's RATINGS as rows of HISTORY; concatenate those of several runs and packs."""
    return ratings.select(
        pl.lit(pack).alias("pack"), pl.lit(as_of).alias("as_of"), "enterprise_id", "tier", "gates"
    ).cast(HISTORY)


def elsewhere(history: pl.DataFrame, numbers: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The latest tier of each enterprise in each pack on `as_of`: eidx, pack, tier. numbers: enterprise_id, eidx."""
    known = history.filter(pl.col("as_of") <= as_of).join(numbers, on="enterprise_id", how="inner")
    latest = known.filter(pl.col("as_of") == pl.col("as_of").max().over("pack", "eidx"))
    return latest.select("eidx", "pack", "tier").unique(["eidx", "pack"], maintain_order=True)


def held(history: pl.DataFrame, numbers: pl.DataFrame, pack: str) -> pl.DataFrame:
    """Earlier ratings of the same pack: eidx, tier, gates, on (the day of that rating)."""
    return (
        history.filter(pl.col("pack") == pack)
        .join(numbers, on="enterprise_id", how="inner")
        .select("eidx", "tier", "gates", pl.col("as_of").alias("on"))
    )
