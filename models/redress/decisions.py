"""Objections, repairs and revocations of single records: which of them take a record's weight away on a day."""

from __future__ import annotations

import polars as pl

from config.in_force import Redress
from config.pack import ObjectionEffect
from models.redress.status import Status

NEVER = pl.lit(None, dtype=pl.Date)


def effects(decisions: pl.DataFrame, redress: Redress) -> pl.DataFrame:
    """One row per decision: status it gives the record today (null = none), `annotated`, and `changes_on`.

    decisions: row, kind, filed_on, decided_on, outcome, from_date, to_date, and of the record: act_date, min_days,
    repairable; of the day: today. changes_on is the first later day on which a decision taken already begins or
    ends to have effect. Adds the columns status, annotated, changes_on.
    """
    decided = pl.col("decided_on").is_not_null() & (pl.col("decided_on") <= pl.col("today"))
    filed = pl.col("filed_on").is_null() | (pl.col("filed_on") <= pl.col("today"))
    is_open = filed & ~decided
    objection, repair = pl.col("kind") == "objection", pl.col("kind") == "repair"
    suspends = redress.objection_effect == ObjectionEffect.suspend
    starts = repair_starts_on()
    granted = repair & decided & (pl.col("outcome") == "granted") & pl.col("repairable")
    begun = granted & (starts <= pl.col("today"))
    lasts = pl.col("to_date").is_null() | (pl.col("to_date") >= pl.col("today"))
    revoked = (pl.col("kind") == "revocation") & decided & pl.col("outcome").is_in(["granted", "upheld"])
    return decisions.with_columns(
        pl.when(revoked)
        .then(pl.lit(Status.revoked.value))
        .when(objection & decided & (pl.col("outcome") == "upheld"))
        .then(pl.lit(Status.withdrawn.value))
        .when(begun & lasts)
        .then(pl.lit(Status.repaired.value))
        .when(objection & is_open & pl.lit(suspends))
        .then(pl.lit(Status.suspended.value))
        .alias("status"),
        (objection & is_open).alias("annotated"),
        pl.when(granted & ~begun)
        .then(starts)
        .when(begun & lasts)
        .then(pl.col("to_date").dt.offset_by("1d"))
        .otherwise(NEVER)
        .alias("changes_on"),
    )


def repair_starts_on() -> pl.Expr:
    """First day of a granted repair: not before the decision, its own date or the end of the waiting time."""
    waited = pl.col("act_date") + pl.duration(days=pl.col("min_days"))
    return pl.max_horizontal(pl.col("decided_on"), pl.col("from_date"), waited)
