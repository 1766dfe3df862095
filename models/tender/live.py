"""Points that recent acts cost under "5 annual + 10 live": every act within the policy's window, as it weighs."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import polars as pl

from config.in_force import Policy
from models.rating.same_act import decisions, of_one_act
from models.tender.amounts import rounded


def live_lost(records: pl.DataFrame, policy: Policy, opening: date) -> dict[str, int]:
    """Milli-points of the bid that each enterprise's adverse acts of the last `live_within_days` days cost.

    `records`: models.records.RECORDS that count on `opening` (after redress). An act counts once though two agencies
    report it (models.rating.same_act); acts known after `opening`, revoked, or outside the catalogue cost nothing.
    """
    bid = policy.tender.bid
    if bid.live_within_days is None or records.is_empty():
        return {}
    window = records.filter(
        pl.col("act_date").is_between(opening - timedelta(days=bid.live_within_days - 1), opening)
        & (pl.col("known_on").is_null() | (pl.col("known_on") <= opening))
        & (pl.col("revoked_on").is_null() | (pl.col("revoked_on") > opening))
    )
    weights = pl.DataFrame(
        [
            {"item": item.code, "act_class": item.act_class, "severity": str(severity), "points": points}
            for item in policy.items.values()
            for severity, points in item.points.items()
            if points < 0
        ],
        schema={"item": pl.String, "act_class": pl.String, "severity": pl.String, "points": pl.Int64},
    )
    acts = _each_once(window.join(weights, on=["item", "severity"]), opening)
    totals = acts.group_by("enterprise_id").agg(pl.col("points").sum()).sort("enterprise_id")
    share = Fraction(bid.live_per_point)
    return {firm: rounded(-points * share) for firm, points in totals.iter_rows()}


def _each_once(reports: pl.DataFrame, opening: date) -> pl.DataFrame:
    """enterprise_id, points of the heaviest report of each act. reports: RECORDS with act_class and points."""
    ordered = reports.sort("enterprise_id", "act_date", "record_id")
    ordered = ordered.with_columns(eidx=pl.col("enterprise_id").rle_id().cast(pl.UInt32))
    order, starts = of_one_act(
        eidx=ordered["eidx"].to_numpy(),
        age=(opening - ordered["act_date"]).dt.total_days().cast(pl.Int32).to_numpy(),
        act_class=ordered["act_class"].rank("dense").cast(pl.UInt16).to_numpy(),
        decision=decisions(ordered).to_numpy(),
        gravity=ordered["points"].abs().cast(pl.Int32).to_numpy(),
        matters=np.ones(ordered.height, dtype=np.bool_),
    )
    act = np.repeat(np.arange(starts.size), np.diff(np.append(starts, order.size)))
    told = ordered[order].with_columns(act=pl.Series(act))
    return told.group_by("act").agg(pl.col("enterprise_id").first(), pl.col("points").min()).sort("act").drop("act")
