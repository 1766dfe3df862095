"""Notice before effect: nothing adverse befalls a firm that was not told, or before the waiting days are over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from config.errors import ApprovalRequired
from config.in_force import Policy, Redress
from models.redress.clocks import effect_on

NOTICES = pl.Schema(
    {
        "run_id": pl.String(),
        "enterprise_id": pl.String(),
        "kind": pl.String(),  # tier | visit | withdrawal | …
        "sent_on": pl.Date(),
        "effect_on": pl.Date(),
        "officer": pl.String(),
    }
)
"""One row per notice: what `models.store.events.record_notices` takes."""


def announce(
    enterprises: Sequence[str], *, run_id: str, kind: str, sent_on: date, redress: Redress, officer: str
) -> pl.DataFrame:
    """Notices (NOTICES) sent on one day; their effect begins after the policy's waiting days."""
    told = pl.DataFrame({"enterprise_id": sorted(set(enterprises))}, schema={"enterprise_id": pl.String()})
    return told.select(
        pl.lit(run_id).alias("run_id"),
        "enterprise_id",
        pl.lit(kind).alias("kind"),
        pl.lit(sent_on, dtype=pl.Date).alias("sent_on"),
        pl.lit(effect_on(sent_on, redress), dtype=pl.Date).alias("effect_on"),
        pl.lit(officer).alias("officer"),
    )


def worsened(before: pl.DataFrame, after: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Firms whose tier is worse than in the ratings before: those who must be told.

    Columns: enterprise_id, tier_before, tier; a firm without an earlier rating counts from the best tier.
    """
    rank = {tier.id: tier.rank for tier in policy.tiers}
    best = min(rank, key=lambda tier: rank[tier])
    earlier = before.select("enterprise_id", pl.col("tier").alias("tier_before"))
    both = after.select("enterprise_id", "tier").join(earlier, on="enterprise_id", how="left")
    both = both.with_columns(pl.col("tier_before").fill_null(best))
    ranks = {name: pl.col(name).replace_strict(rank, default=None, return_dtype=pl.Int64) for name in both.columns[1:]}
    worse = ranks["tier"] > ranks["tier_before"]
    return both.filter(worse).select("enterprise_id", "tier_before", "tier").sort("enterprise_id")


def require_effect(notices: pl.DataFrame, enterprise_id: str, kind: str, on: date) -> None:
    """Raise ApprovalRequired unless the firm was told of this kind of step and the waiting days are over on `on`."""
    sent = notices.filter((pl.col("enterprise_id") == enterprise_id) & (pl.col("kind") == kind))
    if sent.is_empty():
        raise ApprovalRequired(f"{enterprise_id} was never told of: {kind}.", remedy="send the notice and wait")
    begins = sent["effect_on"].min()
    assert isinstance(begins, date)
    if on < begins:
        raise ApprovalRequired(f"{kind} of {enterprise_id} takes effect on {begins}, not on {on}.", remedy="wait")
