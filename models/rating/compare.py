"""Who moves between two laws, and why: another day, another text, another scenario; the same records."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from config.in_force import Policy
from models.rating.rate import rate

_MOVERS: dict[str, pl.DataType | type[pl.DataType]] = {
    "enterprise_id": pl.String,
    "region": pl.String,
    "tier_a": pl.String,
    "tier_b": pl.String,
    "steps": pl.Int64,  # places in the order of tiers; above 0 = worse under b
    "score_a": pl.Int64,  # milli-points
    "score_b": pl.Int64,
    "gates_gone": pl.List(pl.String),  # rules that held under a and do not under b
    "gates_new": pl.List(pl.String),
    "reasons_gone": pl.List(pl.String),  # records among the heaviest under a only
    "reasons_new": pl.List(pl.String),
    "why": pl.String,  # gates | points | gates and points | tiers
}
MOVERS = pl.Schema(_MOVERS)
"""One row per enterprise whose tier differs."""


def compare(
    tables: Mapping[str, pl.DataFrame],
    policy_a: Policy,
    policy_b: Policy,
    *,
    history: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """MOVERS between two policies over the same tables: worst movement first, then by id.

    `policy_a` and `policy_b` may be two days of one pack or a pack and a scenario of it. Where they name other
    tiers, `steps` compares places in the order, seen from the best.
    """
    return movers(rate(tables, policy_a, history=history), rate(tables, policy_b, history=history), policy_a, policy_b)


def movers(ratings_a: pl.DataFrame, ratings_b: pl.DataFrame, policy_a: Policy, policy_b: Policy) -> pl.DataFrame:
    """The same from ratings already made."""
    both = ratings_a.join(ratings_b, on="enterprise_id", suffix="_b").filter(pl.col("tier") != pl.col("tier_b"))
    places = [{tier.id: tier.rank for tier in policy.tiers} for policy in (policy_a, policy_b)]
    records = [pl.col(f"reasons{side}").list.eval(pl.element().struct.field("record_id")) for side in ("", "_b")]
    moved = both.select(
        "enterprise_id",
        "region",
        pl.col("tier").alias("tier_a"),
        "tier_b",
        (
            pl.col("tier_b").replace_strict(places[1], return_dtype=pl.Int64)
            - pl.col("tier").replace_strict(places[0], return_dtype=pl.Int64)
        ).alias("steps"),
        pl.col("score").alias("score_a"),
        "score_b",
        pl.col("gates").list.set_difference("gates_b").list.sort().alias("gates_gone"),
        pl.col("gates_b").list.set_difference("gates").list.sort().alias("gates_new"),
        records[0].list.set_difference(records[1]).list.sort().alias("reasons_gone"),
        records[1].list.set_difference(records[0]).list.sort().alias("reasons_new"),
    )
    gates = (pl.col("gates_gone").list.len() + pl.col("gates_new").list.len()) > 0
    points = pl.col("score_a") != pl.col("score_b")
    why = (
        pl.when(gates & points)
        .then(pl.lit("gates and points"))
        .when(gates)
        .then(pl.lit("gates"))
        .when(points)
        .then(pl.lit("points"))
        .otherwise(pl.lit("tiers"))  # the bands, or what a rule does, differ
    )
    return moved.with_columns(why=why).cast(MOVERS).sort("steps", "enterprise_id", descending=[True, False])


def flows(moved: pl.DataFrame) -> pl.DataFrame:
    """How many move from where to where: tier_a, tier_b, enterprises, most frequent first."""
    return (
        moved.group_by("tier_a", "tier_b")
        .agg(pl.len().alias("enterprises"))
        .sort("enterprises", "tier_a", "tier_b", descending=[True, False, False])
    )
