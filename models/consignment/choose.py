"""Which declarations: those that must be, those drawn for the random floor, then by risk up to the rate.

Within an office minutes go first to what must be examined, then to the drawn, then to the worst tier and the highest
risk. Ties fall by the declaration's keyed number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from config.in_force import Policy
from models.consignment.account import KEY
from models.consignment.terms import rules

POOL = ["office", "pool"]


def ranked(rows: pl.DataFrame, charged: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """The day's declarations in the order of minutes, with quotas, `drawn`, `must_be`, `class` and `wanted`."""
    rank = pl.col("tier").replace_strict({tier.id: tier.rank for tier in policy.tiers}, return_dtype=pl.Int64)
    minutes = pl.col("examination").replace_strict(dict(rules(policy).minutes), return_dtype=pl.Int64)
    frame = rows.join(charged.select(*KEY, "rate", "floor", "quota", "floor_quota"), on=KEY, how="left")
    place = pl.int_range(1, pl.len() + 1).over(KEY)
    frame = (
        frame.sort("number", "declaration_id")
        .with_columns(
            drawn=place <= pl.col("floor_quota"),
            must_be=pl.col("must").is_not_null(),
            tier_rank=rank,
            minutes=minutes,
        )
        .with_columns(pl.when("must_be").then(0).when("drawn").then(1).otherwise(2).alias("class"))
    )
    order = [pl.col("office"), pl.col("class"), -pl.col("tier_rank"), -pl.col("risk").fill_null(-1)]
    frame = frame.sort(*order, "number", "declaration_id")
    beside = pl.int_range(1, pl.len() + 1).over(*KEY, "drawn")  # the drawn are counted apart
    return frame.with_columns(wanted=(pl.col("class") < 2) | (beside <= pl.col("quota")))


def within_minutes(frame: pl.DataFrame, offices: pl.DataFrame) -> pl.DataFrame:
    """Adds `chosen`: all that is wanted where it fits; elsewhere in order, the next fitting one instead."""
    own = offices.filter(pl.col("examination").is_not_null()).select("office", "examination", own=pl.lit(True))
    frame = frame.join(own, on=["office", "examination"], how="left", maintain_order="left").with_columns(
        pool=pl.when("own").then(pl.col("examination")).otherwise(pl.lit(""))
    )
    limits = offices.select("office", pool=pl.col("examination").fill_null(""), limit="minutes")
    needed = frame.filter("wanted").group_by(POOL).agg(pl.col("minutes").sum().alias("needed"))
    short = needed.join(limits, on=POOL, how="left").filter(pl.col("needed") > pl.col("limit").fill_null(0))
    tight = short["office"].unique()
    frame = frame.with_columns(chosen=pl.col("wanted"), numbered=pl.int_range(pl.len()))
    chosen = frame["chosen"].to_numpy().copy()
    for office in tight.sort():
        some = frame.filter(pl.col("office") == office)
        left = dict(limits.filter(pl.col("office") == office).select("pool", "limit").iter_rows())
        chosen[some["numbered"].to_numpy()] = _first_fit(some, left)
    return frame.with_columns(pl.Series("chosen", chosen)).drop("numbered", "own")


def _first_fit(rows: pl.DataFrame, left: dict[str, int]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """In the order given: taken if its class or its tier's quota wants it and the minutes of its pool suffice.

    The drawn do not use up the quota.
    """
    taken = np.zeros(rows.height, dtype=np.bool_)
    used: dict[str, int] = {}
    columns = rows.select("class", "drawn", "tier", "quota", "pool", "minutes").iter_rows()
    for place, (kind, drawn, tier, quota, pool, minutes) in enumerate(columns):
        if (kind < 2 or used.get(tier, 0) < quota) and left.get(pool, 0) >= minutes:
            taken[place] = True
            left[pool] -= minutes
            used[tier] = used.get(tier, 0) + (not drawn)
    return taken


def _beside() -> pl.Expr:
    """Chosen otherwise than by the draw."""
    return pl.col("chosen") & ~pl.col("drawn")


def short_of(frame: pl.DataFrame) -> pl.DataFrame:
    """OVERLOAD: what the rules asked for and the minutes did not allow, by office, tier and rule."""
    missed = frame.filter(pl.col("wanted") & ~pl.col("chosen"))
    rule = pl.when("must_be").then(pl.lit("must")).when("drawn").then(pl.lit("floor")).otherwise(pl.lit("rate"))
    behind = (pl.col("quota").first() - _beside().sum()).clip(0).alias("behind")
    missing = frame.group_by(KEY).agg(behind.cast(pl.Int64))
    rows = missed.with_columns(rule=rule, place=pl.int_range(1, pl.len() + 1).over(*KEY, rule)).join(missing, on=KEY)
    rows = rows.filter((pl.col("rule") != "rate") | (pl.col("place") <= pl.col("behind")))
    counted = rows.group_by(*KEY, "rule").agg(pl.len().cast(pl.Int64).alias("declarations"), pl.col("minutes").sum())
    return counted.sort(*KEY, "rule")
