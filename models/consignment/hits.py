"""How often an examination found something, by office, tier and why it was examined, with intervals.

Only what chance has drawn is a sample of its tier: there the rate is unbiased, with the floor as every declaration's
chance. What was chosen by risk, or had to be examined, says how good the choice was, as if from an endless stream.
A declaration that had to be examined and was drawn, too, counts in both rows.
"""

from __future__ import annotations

import polars as pl

from config.in_force import Policy
from models.consignment.results import CLEAN, FOUND, outcome
from models.consignment.terms import rules
from models.outcome import RATES, rates

ALL = "*"  # every office together
WHYS = ("random", "risk", "must")
ENDLESS = 1  # per million
_MILLION_OF_MILLE = 1000
HITS = pl.Schema(
    {
        "office": pl.String,
        "tier": pl.String,
        "why": pl.String,
        "planned": pl.Int64,
        "examined": pl.Int64,
        "not_examined": pl.Int64,
        "open": pl.Int64,  # results not yet come back
        "found": pl.Int64,
        "rate": pl.Int64,  # per million of the examined; null where nobody was examined
        "low": pl.Int64,
        "high": pl.Int64,
    }
)
"""One row per office (and one for all), tier and why."""


def hits(planned: pl.DataFrame, told: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """HITS, best tier first. planned: day, declaration_id, office, tier, why, drawn; told: TOLD."""
    rows = planned.join(told.select("day", "declaration_id", "result"), on=["day", "declaration_id"], how="left")
    rows = pl.concat([rows, rows.with_columns(office=pl.lit(ALL))]).with_columns(outcome=outcome())
    groups = [_estimated(_group(rows, why), why, policy) for why in WHYS]
    order = {tier.id: tier.rank for tier in policy.tiers}
    rank = pl.col("tier").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    place = pl.col("why").replace_strict({why: at for at, why in enumerate(WHYS)}, return_dtype=pl.Int64)
    return pl.concat(groups).sort("office", rank, place)


def _group(rows: pl.DataFrame, why: str) -> pl.DataFrame:
    return rows.filter("drawn") if why == "random" else rows.filter(pl.col("why") == why)


def _estimated(rows: pl.DataFrame, why: str, policy: Policy) -> pl.DataFrame:
    found = pl.when(pl.col("outcome").is_in([CLEAN, FOUND])).then(pl.col("outcome") == FOUND)
    parts = []
    for (office, tier), part in rows.partition_by("office", "tier", as_dict=True).items():
        sample = part.select(_chance(why, str(tier), policy), **_sample(found))
        parts.append(_row(str(office), str(tier), why, part, rates(sample, [ALL])))
    return pl.DataFrame(parts, schema=HITS, orient="row")


def _sample(found: pl.Expr) -> dict[str, pl.Expr]:
    """models.outcome.SAMPLE of declarations instead of firms."""
    return {"enterprise_id": pl.col("declaration_id"), "tier": pl.lit(ALL), "found": found}


def _chance(why: str, tier: str, policy: Policy) -> pl.Expr:
    """Of being in the group, per million."""
    floor = rules(policy).random_floor.get(tier) or 0
    chance = max(floor * _MILLION_OF_MILLE, ENDLESS) if why == "random" else ENDLESS
    return pl.lit(chance, dtype=pl.Int64).alias("per_million")


def _row(office: str, tier: str, why: str, part: pl.DataFrame, estimate: pl.DataFrame) -> tuple[object, ...]:
    one = dict(zip(RATES, estimate.row(0), strict=True))
    back = part["result"].drop_nulls().len()
    counts = (one["drawn"], one["seen"], back - one["seen"], one["drawn"] - back, one["found"])
    return (office, tier, why, *counts, one["rate"], one["low"], one["high"])
