"""Where a tier's visits come from and why some are missing: what planners ask of the table of rates.

A tier may get more visits than its rate wants: what has to take place and the random floor come on top. It may get
fewer: nobody left to visit, nobody licensed, everybody in conflict, no hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from models.inspection.allocate import STRATUM, Allocation
from models.inspection.draw import MICRO

NOT_SOUGHT = ("not_active", "not_rated", "pinned")
SMALLEST = 0.05  # of a visit: less is rounding


def breakdown(rows: pl.DataFrame, allocation: Allocation, quota: pl.DataFrame) -> list[dict[str, Any]]:
    """One row per tier and region, sorted: `must` (with statutory and standing visits), `floor` (by chance whatever the
    rate), `rate` (the rest of the rate), planned, short = what is missing of these three (less than a visit is the
    draw's rounding), and why: [reason, industry, visits], largest first. `rows`: candidates with `barred`; `quota`:
    QUOTA."""
    strata = allocation.strata.with_columns(
        hours=(pl.col("wanted") - (pl.col("random_quota") + pl.col("directed_quota")) / MICRO).clip(0),
        nobody=(pl.col("asked") - pl.col("fixed") - pl.col("wanted")).clip(0),
    )
    keys = ["tier", "region"]
    sums = strata.group_by(keys).agg(
        must=pl.col("fixed").sum(), floor=pl.col("floor").sum(), rate=(pl.col("wanted") - pl.col("floor")).sum(),
        missed=pl.col("nobody").sum(),
    )  # fmt: skip
    table = sums.join(quota.select(*keys, "planned"), on=keys, how="left").with_columns(pl.col("planned").fill_null(0))
    short = (pl.sum_horizontal("must", "floor", "rate", "missed") - pl.col("planned")).round(6)
    table = table.with_columns(short=pl.when(short >= 1).then(short).otherwise(0.0)).sort(keys)
    why = _why(strata, rows)
    return [
        {name: row[name] if name in (*keys, "planned") else round(row[name], 3) for name in row if name != "missed"}
        | {"why": _told(why.get((row["tier"], row["region"]), []), row["short"])}
        for row in table.iter_rows(named=True)
    ]


def _why(strata: pl.DataFrame, rows: pl.DataFrame) -> Mapping[tuple[str, str], list[tuple[str, str, float]]]:
    """By tier and region: (reason, industry, visits) that the strata lack."""
    barred = rows.filter(pl.col("barred").is_not_null() & ~pl.col("barred").is_in(NOT_SOUGHT))
    counts = barred.group_by(*STRATUM, "barred").len("firms").with_columns(
        share=pl.col("firms") / pl.col("firms").sum().over(STRATUM)
    )  # fmt: skip
    nobody = strata.filter(pl.col("nobody") > 0).join(counts, on=STRATUM).select(
        "tier", "region", "industry", reason="barred", visits=pl.col("nobody") * pl.col("share")
    )  # fmt: skip
    hours = strata.filter(pl.col("hours") > 0).select(
        "tier", "region", "industry", reason=pl.lit("hours"), visits="hours"
    )  # fmt: skip
    both = pl.concat([nobody, hours]).group_by("tier", "region", "industry", "reason").agg(pl.col("visits").sum())
    found: dict[tuple[str, str], list[tuple[str, str, float]]] = {}
    for tier, region, industry, reason, visits in both.sort("tier", "region", "industry", "reason").iter_rows():
        found.setdefault((tier, region), []).append((reason, industry, visits))
    return found


def _told(why: list[tuple[str, str, float]], short: float) -> list[list[Any]]:
    """Largest first; what no quota lacks but the roster does is `team_days`: the teams' days hold no more."""
    rest = short - sum(visits for _, _, visits in why)
    everything = [*why, *([("team_days", "", rest)] if rest >= 0.5 else [])]
    ordered = sorted(everything, key=lambda one: (-one[2], one[0], one[1]))
    return [[reason, industry, round(visits, 3)] for reason, industry, visits in ordered if visits >= SMALLEST]


def by_tier(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same summed over regions; `why` by reason and industry with how many regions it concerns."""
    sums: dict[str, dict[str, Any]] = {}
    for row in found:
        own = sums.setdefault(row["tier"], {"tier": row["tier"], "why": {}})
        for name in ("must", "floor", "rate", "planned", "short"):
            own[name] = own.get(name, 0) + row[name]
        for reason, industry, visits in row["why"]:
            own["why"][reason, industry] = own["why"].get((reason, industry), 0) + visits
    for own in sums.values():
        own["why"] = sorted(((*key, visits) for key, visits in own["why"].items()), key=lambda one: (-one[2], one[:2]))
    return [sums[tier] for tier in sorted(sums)]
