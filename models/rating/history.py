"""Earlier ratings: what gates that look back, or at another pack, go by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from config.conditions import HeldTier
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


def looks_back_to(policy: Policy) -> date | None:
    """First day of this pack's earlier ratings that `policy` looks at; None where it looks at none.

    Links ask since when a tier has been held, which has no end: with them it is the first of all days.
    """
    if any(link.carry.enabled for link in policy.links):
        return date.min
    spans = [c.held.within_days for gate in policy.gates for c in nested(gate.when) if c.held is not None]
    days = [policy.as_of - timedelta(days=max(spans))] if spans else []
    if any(figure.rule.last_year is not None for figure in policy.figures):
        days.append(date(policy.as_of.year - 1, 1, 1))
    return min(days, default=None)


def condensed(nights: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """One pack's nights (HISTORY, by day) without what says nothing new: rows that a rating cannot be told apart by.

    Of an enterprise's rows with the same tier and gates in unbroken order within a calendar year the first and the
    last stay. One night at a time is held in memory, and what has changed.
    """
    same, standing, ended = ["enterprise_id", "tier", "reached", "year"], None, []
    for night in nights:
        now = night.with_columns(pl.col("gates").list.join("|").alias("reached"), year=pl.col("as_of").dt.year(),
                                 last="as_of")  # fmt: skip
        if standing is None:
            standing = now
            continue
        rated = standing["enterprise_id"].is_in(now["enterprise_id"].implode())
        goes_on = standing.drop("last").join(now.select(*same, "last"), on=same, how="inner", nulls_equal=True)
        new = now.join(standing, on=same, how="anti", nulls_equal=True)
        ended.append(standing.filter(rated).join(now, on=same, how="anti", nulls_equal=True))
        standing = pl.concat([standing.filter(~rated), goes_on, new], how="diagonal")
    if standing is None:
        return HISTORY.to_frame()
    runs = pl.concat([*ended, standing], how="diagonal")
    lasts = runs.filter(pl.col("last") > pl.col("as_of")).with_columns(as_of="last")
    return pl.concat([runs, lasts]).select(HISTORY.names()).sort("as_of", "enterprise_id")


def meant(test: HeldTier, before: pl.DataFrame) -> pl.DataFrame:
    """Earlier ratings (eidx, tier, gates, age) that meet the test today."""
    rows = before.filter(pl.col("tier").is_in(list(test.tiers)) & (pl.col("age") <= test.within_days))
    if test.by_gates:
        rows = rows.filter(pl.col("gates").list.set_intersection(list(test.by_gates)).list.len() > 0)
    return rows


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
